-- The role and the database of Oncebox, on PostgreSQL 15 or newer, by psql as a superuser or the administrator of a managed server:
-- ONCEBOX_DB_PASSWORD=… psql -v ON_ERROR_STOP=1 -f deploy/postgres/roles.sql
-- The role owns its database and has no other right: no extension and no superuser is needed.
\getenv password ONCEBOX_DB_PASSWORD
CREATE ROLE oncebox LOGIN PASSWORD :'password';
-- A managed server may let only members of a role give it a database.
GRANT oncebox TO CURRENT_USER;
CREATE DATABASE oncebox OWNER oncebox ENCODING UTF8 TEMPLATE template0;
-- Nobody else may connect. The owner of the database may create tables in its schema public.
REVOKE ALL ON DATABASE oncebox FROM PUBLIC;
