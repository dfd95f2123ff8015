-- As it is written on a letter, in one line; entered by hand, no roster brings it.
alter table person add column address varchar;
