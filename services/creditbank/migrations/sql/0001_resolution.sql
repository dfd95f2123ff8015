create type prepared_call as (n bigint, institution uuid, ancestors uuid[], scheme smallint, standing text)

create function prepare_deposits(
  organisations uuid[], institutions uuid[], schemes text[],
  item_calls integer[], learner_ids uuid[], learner_sourced_ids text[],
  course_calls integer[], course_ids uuid[], course_sourced_ids text[],
  out standings text[], out scheme_ids smallint[],
  out learners bigint[], out wrapped_keys bytea[], out learner_refusals text[],
  out outcomes uuid[], out outcome_refusals text[]
) language plpgsql stable set enable_seqscan = off set enable_mergejoin = off as $$
declare
  lines prepared_call[];
begin
  select array_agg((c.n, c.institution, x.ancestors, s.id, case
      when x.id is null or not c.organisation = any(x.ancestors) then 'unknown'
      when s.id is null then 'scheme_unknown'
      when x.status <> 'active' or x.standing <> 'registered' then 'not_registered'
      else 'admitted' end)::prepared_call order by c.n)
    into lines
    from unnest(organisations, institutions, schemes) with ordinality as c (organisation, institution, scheme, n)
    left join institution x on x.id = c.institution
    left join scheme s on s.code = c.scheme;
  select array_agg(c.standing order by c.n), array_agg(c.scheme order by c.n) into standings, scheme_ids
    from unnest(lines) c;
  select array_agg(coalesce(l.number, m.learner) order by i.n), array_agg(k.wrapped order by i.n),
      array_agg(case
        when m.learners > 1 then 'learner_ambiguous'
        when l.number is null and m.learner is null then 'learner_unknown' end order by i.n)
    into learners, wrapped_keys, learner_refusals
    from unnest(item_calls, learner_ids, learner_sourced_ids) with ordinality as i (call, id, sourced_id, n)
    join unnest(lines) c on c.n = i.call
    left join learner l on l.id = i.id and i.id is not null and (
      exists (select from learner_organisation o join institution x on x.id = o.organisation
        where o.learner = l.number and (x.id = any(c.ancestors) or c.institution = any(x.ancestors)))
      or exists (select from learner_identifier o join institution x on x.id = o.anchor
        where o.learner = l.number and (x.id = any(c.ancestors) or c.institution = any(x.ancestors))))
    left join lateral (
      select (array_agg(f.learner order by above desc, cardinality(x.ancestors) desc))[1] as learner,
        case when bool_or(above) then 1 else count(distinct f.learner) end as learners
      from roster_anchor r
      join institution x on x.id = r.organisation
      cross join lateral (select x.id = any(c.ancestors) as above) y
      join learner_identifier f on f.anchor = x.id and f.sourced_id = i.sourced_id
      where above or c.institution = any(x.ancestors)
    ) m on i.sourced_id is not null
    left join account a on a.learner = coalesce(l.number, m.learner) and a.scheme = c.scheme
    left join shred_key k on k.learner = a.learner;
  select array_agg(coalesce(o.id, m.id) order by i.n), array_agg(case
        when m.outcomes > 1 then 'course_ambiguous'
        when o.id is null and m.id is null then 'course_unknown' end order by i.n)
    into outcomes, outcome_refusals
    from unnest(course_calls, course_ids, course_sourced_ids) with ordinality as i (call, id, sourced_id, n)
    join unnest(lines) c on c.n = i.call
    left join outcome o on o.id = i.id and exists (select from institution x
      where x.id = o.organisation and (x.id = any(c.ancestors) or c.institution = any(x.ancestors)))
    left join lateral (
      select (array_agg(t.id order by above desc, cardinality(x.ancestors) desc, t.id))[1] as id,
        case when bool_or(above) then 1 else count(distinct t.id) end as outcomes
      from outcome t
      join institution x on x.id = t.organisation
      cross join lateral (select x.id = any(c.ancestors) as above) y
      where t.sourced_id = i.sourced_id and (above or c.institution = any(x.ancestors))
    ) m on i.sourced_id is not null;
end $$
