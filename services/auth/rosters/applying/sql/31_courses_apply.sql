--@ step
with done as (
  insert into course (id, source_id, sourced_id, organisation_id, title, code, grades, subjects)
  select id, $1::uuid, sourced_id, organisation_id, title, code, grades, subjects from t_course where not is_known
  order by line
  returning id
)
insert into changed_course select id from done

--@ step
with fresh as (
  select c.id, t.organisation_id,
    case when 'title' = any(c.decided) then c.title else t.title end as title,
    case when 'code' = any(c.decided) then c.code else t.code end as code,
    case when 'grades' = any(c.decided) then c.grades else t.grades end as grades,
    case when 'subjects' = any(c.decided) then c.subjects else t.subjects end as subjects,
    case when 'status' = any(c.decided) then c.status else 'active' end as status
  from t_course t join course c on c.id = t.id where t.is_known
), done as (
  update course c set organisation_id = f.organisation_id, title = f.title, code = f.code, grades = f.grades,
    subjects = f.subjects, status = f.status
  from fresh f
  where c.id = f.id and (c.organisation_id, c.title, c.code, c.grades, c.subjects, c.status)
    is distinct from (f.organisation_id, f.title, f.code, f.grades, f.subjects, f.status)
  returning c.id
)
insert into changed_course select id from done

--@ count courses closed
with done as (
  update course c set status = 'closed'
  from (
    select x.id from course x join stage_course s on s.sourced_id = x.sourced_id and s.removed
    where x.source_id = $1::uuid
    union
    (
      select x.id from course x
      where x.source_id = $1::uuid and exists (select from import_mode where kind = 'course' and mode = 'bulk')
      except
      select t.id from t_course t
    )
  ) gone
  where c.id = gone.id and c.status = 'active'
    and not 'status' = any(c.decided)
  returning c.id
)
insert into changed_course select id from done

--@ tally courses
select count(*) filter (where not is_known) as new,
  count(*) filter (where is_known and id in (select id from changed_course)) as changed,
  count(*) filter (where is_known and id not in (select id from changed_course)) as unchanged
from t_course
