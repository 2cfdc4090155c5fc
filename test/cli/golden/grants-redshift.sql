-- Run it in the database analytics, as a superuser, then set the password with: ALTER USER "engageops" PASSWORD '...'
-- The role arn:aws:iam::123456789012:role/copy must be attached to the cluster and may read s3://stages/engageops.
CREATE USER "engageops" PASSWORD DISABLE
GRANT TEMPORARY ON DATABASE "analytics" TO "engageops"
CREATE SCHEMA IF NOT EXISTS "engageops"
GRANT USAGE, CREATE ON SCHEMA "engageops" TO "engageops"
CREATE SCHEMA IF NOT EXISTS "default"
GRANT USAGE, CREATE ON SCHEMA "default" TO "engageops"
CREATE SCHEMA IF NOT EXISTS "engage_default"
GRANT USAGE, CREATE ON SCHEMA "engage_default" TO "engageops"
GRANT ASSUMEROLE ON 'arn:aws:iam::123456789012:role/copy' TO "engageops" FOR COPY
-- GRANT CREATE ON DATABASE "analytics" TO "engageops"
