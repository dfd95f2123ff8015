-- $1 is the roster source, $2 its anchor organisation. An organisation made by hand beneath the anchor that has
-- the row's identifier and type is the row's organisation: known from then on, and never written. What a hand moved
-- out from under the anchor is no longer the roster's to speak of.

--@ step
insert into t_organisation
select s.line, s.sourced_id, s.name, s.type, s.identifier, s.parent, null,
  coalesce(o.id, m.organisation_id, a.id, uuid7()), o.id is not null,
  o.id is null and coalesce(m.organisation_id, a.id) is not null
from stage_organisation s
left join organisation o on o.source_id = $1::uuid and o.sourced_id = s.sourced_id
left join roster_organisation m on m.source_id = $1::uuid and m.sourced_id = s.sourced_id
left join lateral (
  select h.id from organisation h
  where h.ancestors @> array[$2::uuid] and h.source_id is null and h.status = 'active'
    and h.identifier = s.identifier and h.type = s.type
  order by cardinality(h.ancestors), h.id limit 1
) a on o.id is null and m.organisation_id is null
where s.removed is not true

--@ step
insert into r_organisation
select sourced_id, id from t_organisation
union all
select k.sourced_id, k.id
from (
  select o.sourced_id, o.id from organisation o
  where o.source_id = $1::uuid and o.status = 'active' and $2::uuid = any(o.ancestors)
  union all
  select m.sourced_id, m.organisation_id
  from roster_organisation m join organisation o on o.id = m.organisation_id and o.status = 'active'
  where m.source_id = $1::uuid and $2::uuid = any(o.ancestors)
) k
where not exists (select from import_mode where kind = 'organisation' and mode = 'bulk')
  and not exists (select from stage_organisation s where s.sourced_id = k.sourced_id)

--@ step
create index on t_organisation (sourced_id)

--@ step
create index on t_organisation (id)

--@ step
analyze t_organisation, r_organisation

--@ step
update t_organisation t set parent_id = coalesce(r.id, $2::uuid)
from t_organisation x left join r_organisation r on r.sourced_id = x.parent
where x.line = t.line

--@ check reference organisation.parent organisation
select t.line, t.parent as value from t_organisation t
where t.parent is not null and not exists (select from r_organisation r where r.sourced_id = t.parent)

--@ check cycle organisation.parent
with recursive reached as (
  select t.id from t_organisation t
  where t.is_adopted or not exists (
    select from t_organisation p where p.id = t.parent_id and p.id <> t.id and not p.is_adopted)
  union
  select t.id from t_organisation t join reached on reached.id = t.parent_id where not t.is_adopted
)
select t.line, t.sourced_id as value from t_organisation t
where not t.is_adopted and (t.id = t.parent_id or not exists (select from reached where reached.id = t.id))

--@ check organisation_elsewhere organisation.sourced_id
select t.line, t.sourced_id as value from t_organisation t join organisation o on o.id = t.id
where not $2::uuid = any(o.ancestors)

--@ check organisation_known organisation.sourced_id
select line, sourced_id as value from t_organisation where is_adopted
