-- The tree's own lock, taken by all who move or add: only where the set does either.
--@ step
select pg_advisory_xact_lock(hashtext('organisation tree'))
where exists (
  select from t_organisation t left join organisation o on o.id = t.id
  where not t.is_adopted and o.parent_id is distinct from t.parent_id)

--@ mark
insert into roster_organisation (source_id, sourced_id, organisation_id)
select $1::uuid, sourced_id, id from t_organisation where is_adopted
on conflict (source_id, sourced_id) do nothing

--@ step
with done as (
  insert into organisation (id, type, name, parent_id, ancestors, identifier, source_id, sourced_id)
  select id, type, name, parent_id, array[id], identifier, $1::uuid, sourced_id
  from t_organisation where not is_known and not is_adopted order by line
  returning id
)
insert into changed_organisation select id from done

--@ step
with fresh as (
  select o.id,
    case when 'type' = any(o.decided) then o.type else t.type end as type,
    case when 'name' = any(o.decided) then o.name else t.name end as name,
    case when 'identifier' = any(o.decided) then o.identifier else t.identifier end as identifier,
    case when o.decided && '{parent,parent_id}' then o.parent_id else t.parent_id end as parent_id,
    case when 'status' = any(o.decided) then o.status else 'active' end as status
  from t_organisation t join organisation o on o.id = t.id
  where t.is_known
), done as (
  update organisation o set type = f.type, name = f.name, identifier = f.identifier, parent_id = f.parent_id,
    status = f.status
  from fresh f
  where o.id = f.id and (o.type, o.name, o.identifier, o.parent_id, o.status)
    is distinct from (f.type, f.name, f.identifier, f.parent_id, f.status)
  returning o.id
)
insert into changed_organisation select id from done

-- Paths are made again from the anchor down, and from where a hand moved one of the organisations out from under it.
--@ step
with recursive tree as (
  select id, ancestors from organisation
  where id = $2::uuid or (source_id = $1::uuid and decided && '{parent,parent_id}')
  union all
  select o.id, tree.ancestors || o.id from organisation o join tree on o.parent_id = tree.id
  where not o.id = any(tree.ancestors) and not (o.source_id = $1::uuid and o.decided && '{parent,parent_id}')
), done as (
  update organisation o set ancestors = tree.ancestors
  from tree where tree.id = o.id and o.ancestors <> tree.ancestors
  returning o.id
)
insert into changed_organisation select id from done

--@ check cycle organisation.parent
select t.line, t.sourced_id as value
from t_organisation t join organisation o on o.id = t.id
where not t.is_adopted and o.ancestors[cardinality(o.ancestors) - 1] is distinct from o.parent_id

--@ check too_deep organisation.parent
select t.line, t.sourced_id as value
from t_organisation t join organisation o on o.id = t.id
where cardinality(o.ancestors) > 12

--@ count organisations closed
with done as (
  update organisation o set status = 'closed'
  from (
    select x.id from organisation x join stage_organisation s on s.sourced_id = x.sourced_id and s.removed
    where x.source_id = $1::uuid
    union
    (
      select x.id from organisation x
      where x.source_id = $1::uuid and exists (select from import_mode where kind = 'organisation' and mode = 'bulk')
      except
      select t.id from t_organisation t
    )
  ) gone
  where o.id = gone.id and o.status = 'active'
    and not 'status' = any(o.decided) and $2::uuid = any(o.ancestors)
  returning o.id
)
insert into changed_organisation select id from done

--@ tally organisations
select count(*) filter (where not is_known and not is_adopted) as new,
  count(*) filter (where is_known and id in (select id from changed_organisation)) as changed,
  count(*) filter (where is_adopted or (is_known and id not in (select id from changed_organisation)))
    as unchanged
from t_organisation
