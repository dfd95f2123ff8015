--@ count people new
insert into person
  (id, given_name, family_name, middle_name, preferred_name, email, phone, master_identifier, birth_date, source_id)
select id, coalesce(given_name, ''), coalesce(family_name, ''), middle_name, preferred_name, email, phone, master,
  birth_date, $1::uuid
from t_user where not is_identified and not is_matched
order by line

--@ step
insert into person_identifier (source_id, sourced_id, person_id, username)
select $1::uuid, sourced_id, id, username from t_user where not is_identified
order by sourced_id

--@ step
insert into changed_person select id from t_user where not is_identified

-- A field is written only by the roster that owns the person, and never where a hand decided it. Ownership passes
-- when the owning roster has let the person go.
--@ step
with fresh as (
  select p.id,
    case when 'given_name' = any(p.decided) then p.given_name else coalesce(t.given_name, '') end as given_name,
    case when 'family_name' = any(p.decided) then p.family_name else coalesce(t.family_name, '') end as family_name,
    case when 'middle_name' = any(p.decided) then p.middle_name else t.middle_name end as middle_name,
    case when 'preferred_name' = any(p.decided) then p.preferred_name else t.preferred_name end as preferred_name,
    case when 'email' = any(p.decided) then p.email else t.email end as email,
    case when 'phone' = any(p.decided) then p.phone else t.phone end as phone,
    case when t.master_id is not null or 'master_identifier' = any(p.decided) then p.master_identifier
      else coalesce(p.master_identifier, t.master) end as master_identifier,
    case when 'birth_date' = any(p.decided) then p.birth_date
      else coalesce(t.birth_date, p.birth_date) end as birth_date
  from t_user t join person p on p.id = t.id
  where (t.is_identified or t.is_matched)
    and (p.source_id = $1::uuid or (p.source_id is not null and not exists (
      select from person_identifier o
      where o.person_id = p.id and o.source_id = p.source_id and o.status = 'active')))
), done as (
  update person p set given_name = f.given_name, family_name = f.family_name, middle_name = f.middle_name,
    preferred_name = f.preferred_name, email = f.email, phone = f.phone, master_identifier = f.master_identifier,
    birth_date = f.birth_date, source_id = $1::uuid
  from fresh f
  where p.id = f.id
    and (p.given_name, p.family_name, p.middle_name, p.preferred_name, p.email, p.phone, p.master_identifier,
      p.birth_date, p.source_id)
    is distinct from
      (f.given_name, f.family_name, f.middle_name, f.preferred_name, f.email, f.phone, f.master_identifier,
      f.birth_date, $1::uuid)
  returning p.id
)
insert into changed_field select id from done

-- A delta may tell the birth date of somebody of whom it says nothing else.
--@ step
with done as (
  update person p set birth_date = d.birth_date
  from stage_demographic d join r_user u on u.sourced_id = d.sourced_id
  where p.id = u.id and p.source_id = $1::uuid and not 'birth_date' = any(p.decided)
    and p.birth_date is distinct from d.birth_date
    and not exists (select from t_user t where t.sourced_id = d.sourced_id)
  returning p.id
)
insert into changed_field select id from done

--@ step
with done as (
  update person p set status = 'active'
  from t_user t where p.id = t.id and p.status = 'closed' and not 'status' = any(p.decided)
  returning p.id
)
insert into changed_field select id from done

--@ step
with done as (
  update person_identifier i set status = 'active', username = t.username
  from t_user t
  where i.source_id = $1::uuid and i.sourced_id = t.sourced_id and t.is_identified
    and (t.told_status <> 'active' or t.told_username is distinct from t.username)
  returning i.person_id, t.told_status
)
insert into changed_field select person_id from done

--@ step
insert into changed_person select id from changed_field

--@ step
with left_now as (
  update person_identifier i set status = 'closed' from t_leaver t
  where i.source_id = $1::uuid and i.sourced_id = t.sourced_id
  returning i.person_id
)
insert into changed_person select person_id from left_now

-- A person whom no roster names any more is closed, unless a hand made the person, gave a role or decided so.
--@ step
update person p set status = 'closed'
from t_leaver t
where p.id = t.id and p.status = 'active' and p.source_id is not null and not 'status' = any(p.decided)
  and not exists (select from person_identifier i where i.person_id = p.id and i.status = 'active')
  and not exists (
    select from role_assignment r where r.person_id = p.id and r.origin = 'hand' and r.status = 'open')

--@ tally people
select (select count(distinct id) from changed_field)
    + (select count(*) from t_user where is_matched and id not in (select id from changed_field)) as changed,
  (select count(*) from t_user
    where is_identified and id not in (select id from changed_field)) as unchanged,
  (select count(*) from t_leaver) as closed
