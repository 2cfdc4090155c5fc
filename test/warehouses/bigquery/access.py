"""Google's token server, and an API that takes only the tokens that it gave."""

import secrets
from urllib.parse import parse_qs

import jwt
from fastapi import Request
from fastapi.responses import JSONResponse

AUDIENCE = "https://oauth2.googleapis.com/token"


def guarded(create_app, public_key: str):
    tokens: set[str] = set()

    def create_guarded_app(context):
        app = create_app(context)

        @app.post("/token")
        async def token(request: Request):
            form = parse_qs((await request.body()).decode())
            try:
                claims = jwt.decode(form["assertion"][0], public_key, algorithms=["RS256"], audience=AUDIENCE)
                assert "bigquery" in claims["scope"]
            except Exception as error:
                body = {"error": "invalid_grant", "error_description": f"Invalid JWT: {error}"}
                return JSONResponse(body, status_code=400)
            tokens.add(given := secrets.token_hex(16))
            return {"access_token": given, "token_type": "Bearer", "expires_in": 3600}

        @app.middleware("http")
        async def check(request: Request, call_next):
            given = request.headers.get("authorization", "").removeprefix("Bearer ")
            if request.url.path != "/token" and given not in tokens:
                message = "Request had invalid authentication credentials."
                details = [{"reason": "authError", "message": message, "domain": "global"}]
                error = {"code": 401, "message": message, "errors": details, "status": "UNAUTHENTICATED"}
                return JSONResponse({"error": error}, status_code=401)
            return await call_next(request)

        return app

    return create_guarded_app
