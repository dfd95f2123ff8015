--@ count sessions new
insert into academic_session (id, source_id, sourced_id, type, title, starts_on, ends_on, school_year)
select id, $1::uuid, sourced_id, type, title, starts_on, ends_on, school_year from t_session where not is_known
order by line

--@ step
with done as (
  update academic_session a set type = t.type, title = t.title, starts_on = t.starts_on, ends_on = t.ends_on,
    school_year = t.school_year, parent_id = r.id, status = 'active'
  from t_session t left join r_session r on r.sourced_id = t.parent
  where a.id = t.id and (a.type, a.title, a.starts_on, a.ends_on, a.school_year, a.parent_id, a.status)
    is distinct from (t.type, t.title, t.starts_on, t.ends_on, t.school_year, r.id, 'active')
  returning a.id
)
insert into changed_session select id from done

--@ count sessions closed
with done as (
  update academic_session a set status = 'closed'
  from (
    select x.id from academic_session x join stage_session s on s.sourced_id = x.sourced_id and s.removed
    where x.source_id = $1::uuid
    union
    (
      select x.id from academic_session x
      where x.source_id = $1::uuid and exists (select from import_mode where kind = 'session' and mode = 'bulk')
      except
      select t.id from t_session t
    )
  ) gone
  where a.id = gone.id and a.status = 'active'
  returning a.id
)
insert into changed_session select id from done

--@ tally sessions
select count(*) filter (where is_known and id in (select id from changed_session)) as changed,
  count(*) filter (where is_known and id not in (select id from changed_session)) as unchanged
from t_session
