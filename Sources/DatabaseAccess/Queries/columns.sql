-- What was granted on columns of relations in the given schemas, all columns of a relation together.
select schema.nspname as schema, relation.relname as name,
       array_agg(distinct item::text order by item::text)::text as acl
from pg_catalog.pg_attribute as attribute
cross join lateral unnest(attribute.attacl) as item
join pg_catalog.pg_class as relation on relation.oid = attribute.attrelid
join pg_catalog.pg_namespace as schema on schema.oid = relation.relnamespace
where attribute.attacl is not null and schema.nspname = any($1::text[])
group by 1, 2
order by 1, 2
