-- Run it in the database analytics, as its owner or a superuser, then set the password with: \password engageops
CREATE ROLE "engageops" LOGIN
GRANT CONNECT, TEMPORARY ON DATABASE "analytics" TO "engageops"
CREATE SCHEMA IF NOT EXISTS "engageops"
GRANT USAGE, CREATE ON SCHEMA "engageops" TO "engageops"
CREATE SCHEMA IF NOT EXISTS "default"
GRANT USAGE, CREATE ON SCHEMA "default" TO "engageops"
CREATE SCHEMA IF NOT EXISTS "engage_default"
GRANT USAGE, CREATE ON SCHEMA "engage_default" TO "engageops"
-- GRANT CREATE ON DATABASE "analytics" TO "engageops"
