CREATE TEMP TABLE "eo_stage_1" ("id" character varying(65535), "received_at" timestamp with time zone, "it's" character varying(65535)) DISTKEY ("id");

COPY "eo_stage_1" FROM 's3://bucket/o''folder/engageops-1/manifest' IAM_ROLE 'arn:aws:iam::123456789012:role/redshift' FORMAT AS JSON 'auto' MANIFEST GZIP COMPUPDATE OFF;
