--@ step
insert into t_enrolment
select s.line, s.sourced_id, s.class, s.school, s.user_id, s.role, coalesce(s.is_primary, false), s.begins_on, s.ends_on,
  c.id, u.id, e.id,
  case
    when s.role is null then 'ignored'
    when e.id is null then 'new'
    when e.status = 'ended' and e.ended_by = 'hand' then 'kept'
    when (e.status, e.class_id, e.person_id, e.role, e.is_primary, e.begins_on, e.ends_on)
      is distinct from ('open', c.id, u.id, s.role, coalesce(s.is_primary, false), s.begins_on, s.ends_on) then 'changed'
    else 'unchanged'
  end
from stage_enrolment s
left join r_class c on c.sourced_id = s.class
left join r_user u on u.sourced_id = s.user_id
left join enrolment e on e.source_id = $1::uuid and e.sourced_id = s.sourced_id
where s.removed is not true

--@ step
create index on t_enrolment (known_id)

--@ step
analyze t_enrolment

--@ check reference enrolment.class class
select line, class as value from t_enrolment where class is not null and class_id is null

--@ check reference enrolment.user_id user
select line, user_id as value from t_enrolment where user_id is not null and person_id is null

--@ check reference enrolment.school organisation
select t.line, t.school as value from t_enrolment t
where t.school is not null and not exists (select from r_organisation r where r.sourced_id = t.school)

--@ check dates_reversed enrolment.ends_on
select line, ends_on::text as value from t_enrolment where ends_on < begins_on
