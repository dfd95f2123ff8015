-- The role file of 1.2 and School Data Sync; in 1.1 each user has one role in each of some organisations, of which
-- the first is the primary one.

--@ step
insert into t_role
select s.line, s.sourced_id, s.user_id, s.organisation, s.role, w.product, coalesce(s.is_primary, false), s.begins_on,
  s.ends_on, u.id, o.id
from stage_role s
left join role_word w on w.word = s.role
left join r_user u on u.sourced_id = s.user_id
left join r_organisation o on o.sourced_id = s.organisation
where s.removed is not true

--@ step
insert into t_role
select s.line, null, s.sourced_id, named.organisation, s.role, w.product, named.place = 1, null, null, t.id, o.id
from stage_user s
join t_user t on t.line = s.line
cross join lateral unnest(string_to_array(s.organisations, E'\x1f')) with ordinality as named (organisation, place)
left join role_word w on w.word = s.role
left join r_organisation o on o.sourced_id = named.organisation

--@ step
analyze t_role

--@ check reference role.user_id user
select line, user_id as value from t_role where user_id is not null and person_id is null

--@ check reference role.organisation organisation
select line, organisation as value from t_role where organisation is not null and organisation_id is null

--@ check reference user.primary_organisation organisation
select s.line, s.primary_organisation as value from stage_user s
where s.primary_organisation is not null and s.removed is not true
  and not exists (select from r_organisation r where r.sourced_id = s.primary_organisation)

--@ check dates_reversed role.ends_on
select line, ends_on::text as value from t_role where ends_on < begins_on

--@ check role_without_power role.role
select line, word as value from t_role
where word in ('administrator', 'districtadministrator', 'itadmin', 'siteadministrator', 'systemadministrator')
