--@ step
with done as (
  insert into class (id, source_id, sourced_id, school_id, course_id, title, code, type, location, grades,
    subjects, periods)
  select id, $1::uuid, sourced_id, school_id, course_id, title, code, class_type, location, grades, subjects, periods
  from t_class where not is_known
  order by line
  returning id
)
insert into changed_class select id from done

--@ step
with fresh as (
  select c.id, t.school_id, t.course_id, t.class_type as type,
    case when 'title' = any(c.decided) then c.title else t.title end as title,
    case when 'code' = any(c.decided) then c.code else t.code end as code,
    case when 'location' = any(c.decided) then c.location else t.location end as location,
    case when 'grades' = any(c.decided) then c.grades else t.grades end as grades,
    case when 'subjects' = any(c.decided) then c.subjects else t.subjects end as subjects,
    case when 'periods' = any(c.decided) then c.periods else t.periods end as periods,
    case when 'status' = any(c.decided) then c.status else 'active' end as status
  from t_class t join class c on c.id = t.id where t.is_known
), done as (
  update class c set school_id = f.school_id, course_id = f.course_id, title = f.title, code = f.code,
    type = f.type, location = f.location, grades = f.grades, subjects = f.subjects, periods = f.periods,
    status = f.status
  from fresh f
  where c.id = f.id
    and (c.school_id, c.course_id, c.title, c.code, c.type, c.location, c.grades, c.subjects, c.periods, c.status)
    is distinct from
      (f.school_id, f.course_id, f.title, f.code, f.type, f.location, f.grades, f.subjects, f.periods, f.status)
  returning c.id
)
insert into changed_class select id from done

--@ step
with gone as (
  delete from class_term k using t_class t
  where k.class_id = t.id
    and not exists (select from t_term n where n.class_id = k.class_id and n.session_id = k.academic_session_id)
  returning k.class_id
), come as (
  insert into class_term (class_id, academic_session_id)
  select class_id, session_id from t_term
  on conflict do nothing
  returning class_id
)
insert into changed_class select class_id from gone union all select class_id from come

--@ step
insert into changed_class
select distinct k.class_id from class_term k join changed_session s on s.id = k.academic_session_id

--@ count classes closed
with done as (
  update class c set status = 'closed'
  from (
    select x.id from class x join stage_class s on s.sourced_id = x.sourced_id and s.removed
    where x.source_id = $1::uuid
    union
    (
      select x.id from class x
      where x.source_id = $1::uuid and exists (select from import_mode where kind = 'class' and mode = 'bulk')
      except
      select t.id from t_class t
    )
  ) gone
  where c.id = gone.id and c.status = 'active'
    and not 'status' = any(c.decided)
  returning c.id
)
insert into changed_class select id from done

--@ tally classes
select count(*) filter (where not is_known) as new,
  count(*) filter (where is_known and id in (select id from changed_class)) as changed,
  count(*) filter (where is_known and id not in (select id from changed_class)) as unchanged
from t_class
