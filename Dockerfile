# One image for the operator and for sync pods. docs/install.md tells how to build it, and how to build it twice with the
# same result. scripts/image-files.ts says what goes in.

ARG NODE_IMAGE=docker.io/library/node:24.21.0-bookworm-slim
ARG BASE_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
# No package needs its install script in the image: `node` is the base image's, and Postgres is for tests.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json LICENSE ./
COPY src src
COPY scripts/image-files.ts scripts/
COPY crds crds
RUN npm run build
RUN mkdir /app && node scripts/image-files.ts > /tmp/files \
  && tar --create --file=/tmp/app.tar --owner=0 --group=0 --mode=a+rX,go-w --files-from=/tmp/files \
  && tar --extract --file=/tmp/app.tar --directory=/app \
  && find /app -exec touch --date=@0 {} +

FROM ${BASE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title=engageops \
      org.opencontainers.image.description="Segment Engage in your data warehouse, declared in YAML" \
      org.opencontainers.image.licenses=Apache-2.0 \
      org.opencontainers.image.version=${VERSION} \
      org.opencontainers.image.revision=${REVISION}
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /app /app
ENV PATH=/usr/local/bin:/usr/bin:/bin \
    NODE_ENV=production \
    NODE_OPTIONS=--max-semi-space-size=16
WORKDIR /app
USER 65532:65532
ENTRYPOINT ["node", "/app/dist/cli/main.js"]
