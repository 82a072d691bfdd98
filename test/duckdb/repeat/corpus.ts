/** Everyday queries over tables full of ties. `ties` has 10 values of k, 101 of v, doubles d that round differently. */

export const TABLES = {
  ties: `select i as id, i % 10 as k, (i * 7919) % 101 as v, ((i * 7919) % 1009) / 7.0::double as d,
    'n' || (i * 31) % 500 as name, date '2024-01-01' + ((i * 13) % 90)::integer as day from range(150000) t(i)`,
  few: `select i as id, i % 10 as k, 'f' || i % 7 as label, (i % 5)::double / 3 as d from range(200) t(i)`,
};

/** Each must give the same bytes without a word. */
export const STEADY = [
  // the top of something
  'select * from ties order by v desc limit 10',
  'select name, count(*) as n from ties group by name order by n desc limit 10',
  'select * from (select * from ties order by v desc limit 10)',
  'select sum(id) as s from (select id from ties order by v limit 100)',
  'select k, id from (select * from ties limit 1000) order by k',
  'with top as (select name, count(*) as n from ties group by name order by n desc limit 7) select * from top join few on true',
  'select * from few where k in (select k from ties order by v limit 3)',
  'select f.id, (select t.id from ties t where t.k = f.k order by t.v limit 1) as first_one from few f',
  'select f.id, x.id as other from few f, lateral (select id from ties t where t.k = f.k order by t.v limit 2) x',
  'select * from (select * from ties order by v limit 10 percent) where k = 3',
  'select * from (select id, v from ties order by v limit 50 offset 20)',
  'select * from (select * from ties union all select * from ties order by v limit 99)',
  'select count(*) as n from (select distinct v from ties limit 5)',
  // one row a key
  'select distinct on (k) * from ties order by k, v',
  'select * from (select distinct on (k) k, id, v from ties order by k, v) where v < 3',
  'select * from (select distinct on (name) name, id from ties)',
  'select * from ties qualify row_number() over (partition by k order by day desc) = 1',
  'select * from (select *, row_number() over (partition by k order by day desc) as rn from ties) where rn = 1',
  'select t.* from ties t qualify row_number() over (partition by t.name order by t.v) <= 2',
  'select k, arg_max(id, v) as newest from ties group by k',
  'select k, max_by(name, day) as newest, min_by(name, day) as oldest from ties group by k',
  'select k, arg_max(id, v) filter (v > 2 and id > 3) as a, min_by(day, v) filter (k > 2) as b, arg_max(id, v, 2) as c from ties group by k',
  'select k, first(id) as f, last(id) as l, any_value(name) as a from ties group by k',
  'select first(id) as f from ties',
  'select k, first(id order by v) as f from ties group by k',
  // numbers of rows
  'select id, row_number() over (order by id) as rn from ties',
  'select id, row_number() over (order by v) as rn from ties',
  'select id, row_number() over () as rn from ties',
  'select id, k, row_number() over (partition by k order by v) as rn from ties',
  'select t.id, f.id as fid, row_number() over (order by t.v) as rn from ties t join few f using (k) where t.id < 2000',
  'select id, rank() over (order by v) as r, dense_rank() over (partition by k order by v) as dr from ties',
  'select id, ntile(7) over (order by v) as tile, percent_rank() over (order by v) as p from ties',
  'select id, lag(id) over (partition by k order by v) as before, lead(id, 2) over (partition by k order by v) as after from ties',
  'select k, v, count(*) as n, row_number() over (partition by k order by count(*) desc) as rn from ties group by k, v',
  'select k, v, count(*) as n, row_number() over (order by count(*) desc) as rn from ties group by all',
  'select name, row_number() over (order by count(*)) as rn from ties group by 1',
  'select day, row_number() over (order by arg_max(name, v)) as rn from ties group by day',
  'select day, row_number() over (partition by first(name) order by last(name)) as rn from ties group by day',
  'select day, lag(sum(d)) over (order by sum(d)) as l, first_value(day) over (order by mode(name)) as f from ties group by day',
  // windows over frames
  'select id, first_value(id) over (partition by k order by v) as f from ties',
  'select id, last_value(id) over (partition by k order by v) as l from ties where id < 3000',
  'select id, nth_value(id, 3) over (partition by k order by v rows between unbounded preceding and unbounded following) as n from ties where id < 3000',
  'select id, sum(id) over (partition by k order by v) as running from ties',
  'select id, sum(id) over (partition by k order by v rows between 3 preceding and current row) as moving from ties',
  'select id, avg(d) over (partition by k order by v rows between 3 preceding and current row) as moving from ties',
  'select id, sum(d) over (partition by k) as total from ties',
  'select id, count(*) over (partition by k) as n, max(v) over (partition by k order by id) as m from ties',
  'select id, sum(d) over (partition by k order by id) as running from ties',
  'select id, row_number() over w as rn, sum(v) over w as s from ties window w as (partition by k order by day)',
  // lists and texts
  'select k, list(v) as l from ties where id < 5000 group by k',
  "select k, string_agg(name, ',') as s from ties where id < 5000 group by k",
  "select k, string_agg(name, ',' order by v) as s from ties where id < 5000 group by k",
  'select k, array_agg(distinct name) as l from ties where id < 5000 group by k',
  'select k, list(distinct name) as l, list(distinct v) filter (v > 3) as f from ties where id < 5000 group by k',
  'select k, list_sort(list(distinct v)) as l, list_reverse_sort(list(distinct v)) as m from ties group by k',
  'select k, json_group_array(v) as j from ties where id < 5000 group by k',
  "select string_agg(name, ',') as s from (select name from ties where id < 5000 order by v desc)",
  'select k, list(id) as l from (select * from ties where id < 5000 order by v) group by k',
  "select string_agg(name, ',') as s, first(id) as f, last(id) as l from (select * from ties order by v desc)",
  'with o as (select * from ties order by v, id) select k, list(o.id) as l, list(distinct v) as d from o group by k',
  'select q.a, list(q.b) as l, any_value(b) as y from (select k, id from ties order by v) q(a, b) group by all',
  'select k, mode(v) as m from ties group by k',
  'select k, histogram(v) as h, reservoir_quantile(v, 0.5) as r from ties group by k',
  // floating-point numbers
  'select sum(d) as s, avg(d) as a from ties',
  'select k, sum(d) as s, avg(d) as a, stddev(d) as sd, var_pop(d) as vp from ties group by k',
  'select k, sum(d), avg(d * 2) from ties group by k',
  'select k, corr(d, v) as c, regr_slope(d, v) as rs, covar_samp(d, v) as cs from ties group by k',
  'select k, sum(d) filter (v > 50) as s, round(sum(d * v), 3) as w from ties group by rollup (k)',
  'select k, geomean(d + 1) as g, wavg(d, v) as w, fsum(d) as f, skewness(d) as sk, entropy(v) as e from ties group by k',
  'select t.k, sum(t.d * f.d) as s from ties t join few f using (k) group by t.k having sum(t.d) > 0',
  'select k, median(d) as m, quantile_cont(d, 0.9) as q, approx_quantile(d, 0.5) as a, mad(d) as md from ties group by k',
  'select * from (select k, sum(d) as s from ties group by k) where s > 1e3',
  'select k, sum(v) as s, avg(v) as a, avg(v::decimal(9, 2)) as ad, count(distinct name) as n, approx_count_distinct(name) as c from ties group by k',
  // several at once
  'with a as (select *, row_number() over (partition by k order by v) as rn from ties), b as (select k, sum(d) as s from a where rn < 100 group by k) select * from b order by s',
  'select day, sum(sum(d)) over (order by day) as running, sum(avg(d)) over () as t from ties group by day',
  'pivot (select k, v % 2 as odd, d from ties) on odd in (0, 1) using sum(d), avg(d) group by k',
  'pivot (select k, v % 2 as odd, name from ties) on odd in (0, 1) using first(name) group by k',
  // texts that a collation calls equal
  "select name from ties where name = 'N1' collate nocase",
  'select count(*) as n from ties group by name collate nocase',
  'select name, id from ties order by name collate nocase limit 10',
  "select name like 'N1%' collate nocase as l, name collate nocase in ('N1', 'n2') as i from ties",
  'select day, sum(v) as total, sum(sum(v)) over (order by day) as running from ties group by day',
  'select t.id, f.label from ties t asof join (select id, k, label from few) f on t.id >= f.id',
  'from ties select k, max(v) as m group by k',
  'select * from (values (1, 2.5), (2, 1e5)) x(a, b) where a in (select k from ties order by v limit 5)',
] as const;

/** Each may differ, and must say so with its place. */
export const OPEN = [
  [
    'select id, sum(d) over (partition by k order by v) as s from ties',
    /line 1, column 12: sum\(\) over/,
  ],
  [
    'select t.id, f.label from ties t asof join few f on t.k = f.k and t.id >= f.k',
    /ASOF JOIN chooses/,
  ],
  [
    'select a.id, b.id as other from (select id from ties where id > 3) a positional join few b',
    /POSITIONAL JOIN/,
  ],
  [
    'select upper(name) collate nocase as n, count(*) as c from ties group by all',
    /line 1, column 8: which of the texts that a collation calls equal/,
  ],
  ['select min(name collate nocase) as n from ties', /collation/],
  ['select distinct n from (select name collate nocase as n from ties)', /column 32: .*collation/],
  [
    "select (select string_agg(name, ',') from (select name from ties t where t.k = f.k order by t.v) as n) as s from few f where f.id < 3",
    /string_agg\(\) over the rows of an ordered subquery/,
  ],
  ['select * from (summarize select d from ties)', /SUMMARIZE estimates/],
  [
    'select day, sum(sum(d)) over (order by k) as s from ties group by day, k',
    /sum\(\) over \(...\) answers otherwise/,
  ],
  [
    'select k, v, row_number() over (order by count(*)) as rn from ties group by rollup (k, v)',
    /row_number\(\) over/,
  ],
] as const;
