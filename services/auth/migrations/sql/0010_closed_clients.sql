alter table client
  drop constraint ck_client_status,
  add constraint ck_client_status check (status in ('active', 'suspended', 'closed'))
