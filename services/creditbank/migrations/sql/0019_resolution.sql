-- As 0002_resolution.sql has it, with one look-up less a learner and those of a call in the order of the index; and what
-- is above and below an institution, which walked all institutions for every call, is looked up in the index of
-- ancestors, once for each institution.
create or replace function prepare_deposits(
  organisations uuid[], institutions uuid[], schemes text[], first_keys uuid[],
  item_calls integer[], learner_ids uuid[], learner_sourced_ids text[],
  course_calls integer[], course_ids uuid[], course_sourced_ids text[],
  out standings text[], out scheme_ids smallint[], out repeated boolean,
  out learners bigint[], out wrapped_keys bytea[], out learner_refusals text[],
  out outcomes uuid[], out outcome_refusals text[]
) language plpgsql stable set enable_seqscan = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan as $$
declare
  lines prepared_call[];
begin
  -- Anchors at an institution, above it and below it, once for each: many calls of one crowd are for the same.
  with place as materialized (
    select x.id, x.status, x.standing, x.ancestors,
      (select array_agg(r.organisation order by array_position(x.ancestors, r.organisation) desc)
        from roster_anchor r where r.organisation = any(x.ancestors)) as above,
      (select array_agg(b.id) from (
          select b.id from institution b where b.ancestors @> array[x.id] and b.id <> x.id offset 0) b
        where exists (select from roster_anchor r where r.organisation = b.id offset 0)) as below
    from (select distinct i from unnest(institutions) i) d join institution x on x.id = d.i
  )
  select array_agg((c.n, c.institution, x.ancestors, x.above, x.below, s.id, case
        when x.id is null or not c.organisation = any(x.ancestors) then 'unknown'
        when s.id is null then 'scheme_unknown'
        when x.status <> 'active' or x.standing <> 'registered' then 'not_registered'
        else 'admitted' end)::prepared_call order by c.n),
      bool_and(exists (select from entry e where e.key_hash = c.first_key))
    into lines, repeated
    from unnest(organisations, institutions, schemes, first_keys) with ordinality
      as c (organisation, institution, scheme, first_key, n)
    left join place x on x.id = c.institution
    left join scheme s on s.code = c.scheme;
  select array_agg(c.standing order by c.n), array_agg(c.scheme order by c.n) into standings, scheme_ids
    from unnest(lines) c;
  if repeated then
    return;
  end if;
  -- Who is known by id must hold or have held a role in the institution's line, or be in a roster of it.
  -- A name of a roster means the one person it has at the nearest anchor above, else among all below; two roster
  -- systems of one anchor may use one name for two people, which is ambiguous.
  -- Offset 0 keeps each look-up one look-up. Tests are in the order of their cost.
  select array_agg(f.learner order by f.n), array_agg(f.wrapped order by f.n),
      array_agg(case when f.learner is not null then null when cardinality(f.named) > 1
        then 'learner_ambiguous' else 'learner_unknown' end order by f.n)
    into learners, wrapped_keys, learner_refusals
    from (
      select d.n, d.named, d.learner, (select k.wrapped from shred_key k where k.learner = d.learner) as wrapped
      from (
        select i.n, b.named, coalesce(a.number, case when cardinality(b.named) = 1 then b.named[1] end) as learner
        from (
          select * from unnest(item_calls, learner_ids, learner_sourced_ids) with ordinality as i (call, id, sourced_id, n)
          order by id offset 0) i
        cross join lateral (select (lines[i.call]).*) c
        cross join lateral (select case when i.id is not null then (
            select l.number from (
              select coalesce(a.merged_into, a.number) as number from learner a where a.id = i.id offset 0) l
            where exists (select from learner_organisation o where o.learner = l.number and (
                o.organisation = any(c.ancestors) or exists (
                  select from institution x where x.id = o.organisation and c.institution = any(x.ancestors))))
              or exists (select from learner_identifier o where o.learner = l.number
                and (o.anchor = any(c.above) or o.anchor = any(c.below)))
          ) end as number offset 0) a
        cross join lateral (select case when i.sourced_id is not null then coalesce((
            select array_agg(f.learner) from learner_identifier f
            where f.anchor = any(c.above) and f.sourced_id = i.sourced_id
            group by f.anchor order by array_position(c.above, f.anchor) limit 1
          ), (
            select array_agg(distinct f.learner) from learner_identifier f
            where f.anchor = any(c.below) and f.sourced_id = i.sourced_id
          )) end as named offset 0) b
        offset 0
      ) d
    ) f;
  select array_agg(coalesce(a.id, case when cardinality(b.below) = 1 then b.below[1] end) order by i.n),
      array_agg(case when a.id is not null or cardinality(b.below) = 1 then null
        when b.below is null then 'course_unknown' else 'course_ambiguous' end order by i.n)
    into outcomes, outcome_refusals
    from unnest(course_calls, course_ids, course_sourced_ids) with ordinality as i (call, id, sourced_id, n)
    cross join lateral (select (lines[i.call]).*) c
    cross join lateral (select case when i.id is not null then (
        select o.id from outcome o where o.id = i.id and (o.organisation = any(c.ancestors) or exists (
          select from institution x where x.id = o.organisation and c.institution = any(x.ancestors)))
      ) else (
        select o.id from outcome o where o.sourced_id = i.sourced_id and o.organisation = any(c.ancestors)
        order by array_position(c.ancestors, o.organisation) desc, o.id limit 1
      ) end as id offset 0) a
    cross join lateral (select case when a.id is null and i.sourced_id is not null then (
        select array_agg(distinct o.id) from outcome o join institution x on x.id = o.organisation
        where o.sourced_id = i.sourced_id and c.institution = any(x.ancestors)
      ) end as below offset 0) b;
end $$
