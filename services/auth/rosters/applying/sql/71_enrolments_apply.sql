--@ count enrolments closed
with done as (
  update enrolment e set status = 'ended', ended_by = 'roster', ended_at = now()
  from (
    (
      select x.id from enrolment x
      where x.source_id = $1::uuid and x.status = 'open'
        and exists (select from import_mode where kind = 'enrolment' and mode = 'bulk')
      except
      select t.known_id from t_enrolment t where t.outcome <> 'ignored'
    )
    union
    select x.id from enrolment x join stage_enrolment s on s.sourced_id = x.sourced_id and s.removed
    where x.source_id = $1::uuid
    union
    select x.id from enrolment x join t_leaver l on l.id = x.person_id where x.source_id = $1::uuid
    union
    select x.id from enrolment x
    join changed_class g on g.id = x.class_id
    join class c on c.id = g.id and c.status = 'closed'
    where x.source_id = $1::uuid and x.status = 'open'
  ) spoken_of
  where e.id = spoken_of.id and e.status = 'open'
  returning e.class_id
)
insert into changed_class select class_id from done

--@ step
insert into enrolment (source_id, sourced_id, class_id, person_id, role, is_primary, begins_on, ends_on)
select $1::uuid, sourced_id, class_id, person_id, role, is_primary, begins_on, ends_on
from t_enrolment where outcome = 'new'

--@ step
insert into changed_class
select distinct class_id from t_enrolment where outcome in ('new', 'changed')
union
select e.class_id from enrolment e join t_enrolment t on t.known_id = e.id where t.outcome = 'changed'

--@ step
update enrolment e set status = 'open', ended_by = null, ended_at = null, class_id = t.class_id,
  person_id = t.person_id, role = t.role, is_primary = t.is_primary, begins_on = t.begins_on, ends_on = t.ends_on
from t_enrolment t where e.id = t.known_id and t.outcome = 'changed'

--@ tally enrolments
select count(*) filter (where outcome = 'new') as new, count(*) filter (where outcome = 'changed') as changed,
  count(*) filter (where outcome = 'unchanged') as unchanged, count(*) filter (where outcome = 'kept') as kept,
  count(*) filter (where outcome = 'ignored') as ignored
from t_enrolment
