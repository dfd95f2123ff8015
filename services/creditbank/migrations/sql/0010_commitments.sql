-- A commitment is computed without a function call inside: what is not as volatile as its body is not inlined.
create or replace function commitment_after(previous bytea, salt bytea, before text, after text) returns bytea
language sql stable parallel safe
return sha256('\x78756562752063726564697462616e6b20656e7472790a'::bytea || salt  -- xuebu creditbank entry, new line
  || convert_to(before || coalesce('"' || encode(previous, 'hex') || '"', 'null') || after, 'UTF8'))

create or replace function chain_step(state bytea, head bytea, salt bytea, before text, after text) returns bytea
language plpgsql stable parallel safe as $$
begin
  return commitment_after(coalesce(state, head), salt, before, after);
end $$
