--@ step
insert into t_course
select s.line, s.sourced_id, s.title, s.code, s.session, s.organisation, r.id,
  coalesce(string_to_array(s.grades, E'\x1f'), '{}'), coalesce(string_to_array(s.subjects, E'\x1f'), '{}'),
  coalesce(c.id, uuid7()), c.id is not null
from stage_course s
left join course c on c.source_id = $1::uuid and c.sourced_id = s.sourced_id
left join r_organisation r on r.sourced_id = s.organisation
where s.removed is not true

--@ step
insert into r_course
select sourced_id, id from t_course
union all
select c.sourced_id, c.id from course c
where c.source_id = $1::uuid and c.status = 'active'
  and not exists (select from import_mode where kind = 'course' and mode = 'bulk')
  and not exists (select from stage_course s where s.sourced_id = c.sourced_id)

--@ step
create index on t_course (sourced_id)

--@ step
create index on t_course (id)

--@ step
analyze t_course, r_course

--@ check reference course.organisation organisation
select line, organisation as value from t_course where organisation is not null and organisation_id is null

--@ check reference course.session session
select t.line, t.session as value from t_course t
where t.session is not null and not exists (select from r_session r where r.sourced_id = t.session)
