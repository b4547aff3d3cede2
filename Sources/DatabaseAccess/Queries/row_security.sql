-- Tables of the given schemas on which row security is at work, with a row for each policy.
select schema.nspname as schema, relation.relname as name, relation.relforcerowsecurity as is_forced,
       policy.policyname as policy, policy.permissive = 'PERMISSIVE' as is_permissive,
       policy.roles::text[]::text as roles, policy.cmd as command
from pg_catalog.pg_class as relation
join pg_catalog.pg_namespace as schema on schema.oid = relation.relnamespace
left join pg_catalog.pg_policies as policy
  on policy.schemaname = schema.nspname and policy.tablename = relation.relname
where relation.relrowsecurity and schema.nspname = any($1::text[])
order by 1, 2, 4
