-- All roles, with what they may do by themselves and the role they act as from login.
select rolname as name, rolcanlogin as can_login, rolinherit as inherits, rolcreatedb as create_db,
       rolcreaterole as create_role, rolsuper as is_superuser, rolbypassrls as bypass_rls,
       (select substr(setting, 6) from unnest(rolconfig) as setting where setting like 'role=%' limit 1) as acts_as
from pg_catalog.pg_roles
order by rolname
