--@ step
insert into t_class
select s.line, s.sourced_id, s.title, s.code, s.class_type, s.location, s.course, rc.id, s.school, ro.id,
  coalesce(string_to_array(s.grades, E'\x1f'), '{}'), coalesce(string_to_array(s.subjects, E'\x1f'), '{}'),
  coalesce(string_to_array(s.periods, E'\x1f'), '{}'), string_to_array(s.terms, E'\x1f'),
  coalesce(c.id, uuid7()), c.id is not null
from stage_class s
left join class c on c.source_id = $1::uuid and c.sourced_id = s.sourced_id
left join r_course rc on rc.sourced_id = s.course
left join r_organisation ro on ro.sourced_id = s.school
where s.removed is not true

--@ step
insert into r_class
select sourced_id, id from t_class
union all
select c.sourced_id, c.id from class c join organisation o on o.id = c.school_id and $2::uuid = any(o.ancestors)
where c.source_id = $1::uuid and c.status = 'active'
  and not exists (select from import_mode where kind = 'class' and mode = 'bulk')
  and not exists (select from stage_class s where s.sourced_id = c.sourced_id)

--@ step
insert into t_term
select distinct t.line, t.id, term, r.id
from t_class t cross join lateral unnest(t.terms) as term
left join r_session r on r.sourced_id = term

--@ step
create index on t_class (sourced_id)

--@ step
create index on t_class (id)

--@ step
analyze t_class, r_class, t_term

--@ check reference class.school organisation
select line, school as value from t_class where school is not null and school_id is null

--@ check reference class.course course
select line, course as value from t_class where course is not null and course_id is null

--@ check reference class.terms session
select line, term as value from t_term where session_id is null
