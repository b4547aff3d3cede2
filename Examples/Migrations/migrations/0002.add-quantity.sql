-- depends: 0001.create-orders
alter table orders add column quantity int not null default 1;
