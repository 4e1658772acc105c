-- What a studio asks first, of the tables of game.conf.yaml. Days are those of UTC. The queries read
-- all rows: restrict `time` to what you need, and `received_at` too where a table is partitioned by
-- it. Dashboards such as Grafana's have a macro for that.

-- name: daily_active_players
-- How many people play per day?
SELECT (time AT TIME ZONE 'UTC')::date AS day, count(DISTINCT player_id) AS players
FROM game.sessions
WHERE kind = 'start'
GROUP BY day ORDER BY day;

-- name: stickiness
-- Which share of those who play in a month, here 28 days, plays on its last day?
WITH active AS (
  SELECT DISTINCT player_id, (time AT TIME ZONE 'UTC')::date AS day
  FROM game.sessions WHERE kind = 'start'
), days AS (
  SELECT DISTINCT day FROM active
)
SELECT days.day, count(DISTINCT player_id) FILTER (WHERE active.day = days.day) AS of_day,
  count(DISTINCT player_id) AS of_month,
  round(count(DISTINCT player_id) FILTER (WHERE active.day = days.day)::numeric
    / count(DISTINCT player_id), 3) AS stickiness
FROM days JOIN active ON active.day BETWEEN days.day - 27 AND days.day
GROUP BY days.day ORDER BY days.day;

-- name: new_and_returning_players
-- How many of a day's players are new?
WITH installed AS (
  SELECT player_id, (time AT TIME ZONE 'UTC')::date AS first_day FROM game.players
), active AS (
  SELECT DISTINCT player_id, (time AT TIME ZONE 'UTC')::date AS day
  FROM game.sessions WHERE kind = 'start'
)
SELECT day, count(*) FILTER (WHERE day = first_day) AS new,
  count(*) FILTER (WHERE day > first_day) AS returning
FROM active JOIN installed USING (player_id)
GROUP BY day ORDER BY day;

-- name: retention_by_cohort
-- Which share of the players who installed the game on a day plays 1, 3 and 7 days later?
WITH cohorts AS (
  SELECT player_id, (time AT TIME ZONE 'UTC')::date AS day FROM game.players
), active AS (
  SELECT DISTINCT player_id, (time AT TIME ZONE 'UTC')::date AS day
  FROM game.sessions WHERE kind = 'start'
)
SELECT cohorts.day AS cohort, count(DISTINCT player_id) AS players,
  round(count(*) FILTER (WHERE active.day = cohorts.day + 1)::numeric / count(DISTINCT player_id), 3)
    AS day_1,
  round(count(*) FILTER (WHERE active.day = cohorts.day + 3)::numeric / count(DISTINCT player_id), 3)
    AS day_3,
  round(count(*) FILTER (WHERE active.day = cohorts.day + 7)::numeric / count(DISTINCT player_id), 3)
    AS day_7
FROM cohorts LEFT JOIN active USING (player_id)
GROUP BY cohort ORDER BY cohort;

-- name: churn
-- How many players have not come back for more than 7 days before the last day?
WITH last_days AS (
  SELECT player_id, platform, max((time AT TIME ZONE 'UTC')::date) AS day
  FROM game.sessions WHERE kind = 'start' GROUP BY player_id, platform
)
SELECT platform, count(*) AS players,
  count(*) FILTER (WHERE day < (SELECT max(day) FROM last_days) - 7) AS lost,
  round(avg((day < (SELECT max(day) FROM last_days) - 7)::int), 3) AS churn
FROM last_days
GROUP BY platform ORDER BY platform;

-- name: revenue_by_day_and_country
SELECT (time AT TIME ZONE 'UTC')::date AS day, country, count(*) AS purchases, sum(usd) AS usd
FROM game.purchases
WHERE NOT sandbox
GROUP BY day, country ORDER BY day, country;

-- name: arpu_and_arppu
-- How much does a day's player spend, and how much one who pays?
WITH active AS (
  SELECT (time AT TIME ZONE 'UTC')::date AS day, count(DISTINCT player_id) AS players
  FROM game.sessions WHERE kind = 'start' GROUP BY day
), paid AS (
  SELECT (time AT TIME ZONE 'UTC')::date AS day, count(DISTINCT player_id) AS payers, sum(usd) AS usd
  FROM game.purchases WHERE NOT sandbox GROUP BY day
)
SELECT day, round(coalesce(usd, 0) / players, 4) AS arpu, round(usd / payers, 4) AS arppu
FROM active LEFT JOIN paid USING (day)
ORDER BY day;

-- name: conversion
-- Which share of the players of a platform has ever paid, and how soon?
WITH paid AS (
  SELECT player_id, min(time) AS at FROM game.purchases WHERE NOT sandbox GROUP BY player_id
)
SELECT platform, count(*) AS players, count(at) AS payers,
  round(count(at)::numeric / count(*), 3) AS conversion,
  round((percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM at - time))
    / 86400)::numeric, 1) AS median_days
FROM game.players LEFT JOIN paid USING (player_id)
GROUP BY platform ORDER BY platform;

-- name: value_by_campaign
-- What is a player worth, by what brought him here?
SELECT acquired_by, count(DISTINCT players.player_id) AS players, coalesce(sum(usd), 0) AS usd,
  round(coalesce(sum(usd), 0) / count(DISTINCT players.player_id), 4) AS usd_per_player
FROM game.players LEFT JOIN game.purchases
  ON purchases.player_id = players.player_id AND NOT sandbox
GROUP BY acquired_by ORDER BY usd DESC, acquired_by;

-- name: best_selling_products
SELECT product, sum(quantity) AS units, sum(usd) AS usd, count(DISTINCT player_id) AS buyers
FROM game.purchases
WHERE NOT sandbox
GROUP BY product ORDER BY usd DESC, product;

-- name: session_length
-- How long and how often does a player play?
WITH ends AS (
  SELECT DISTINCT ON (session_id) session_id, player_id, platform, seconds
  FROM game.sessions WHERE kind = 'end' ORDER BY session_id
)
SELECT platform, count(*) AS sessions, round(count(*)::numeric / count(DISTINCT player_id), 2) AS each,
  round(avg(seconds)::numeric, 1) AS average,
  round((percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds))::numeric, 1) AS median,
  round((percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds))::numeric, 1) AS p95
FROM ends
GROUP BY platform ORDER BY platform;

-- name: concurrent_players
-- How many sessions went on at the same time, at most? A session that crashed has no end, and does
-- not count.
WITH ends AS (
  SELECT DISTINCT ON (session_id) session_id, time, seconds
  FROM game.sessions WHERE kind = 'end' ORDER BY session_id
), changes AS (
  SELECT time - make_interval(secs => seconds) AS at, 1 AS change FROM ends
  UNION ALL SELECT time, -1 FROM ends
), counts AS (
  SELECT at, sum(change) OVER (ORDER BY at, change ROWS UNBOUNDED PRECEDING) AS sessions FROM changes
)
SELECT (at AT TIME ZONE 'UTC')::date AS day, max(sessions) AS most
FROM counts
GROUP BY day ORDER BY day;

-- name: level_funnel
-- How many players reach and complete a level, of those who started the first one?
SELECT level, count(DISTINCT player_id) FILTER (WHERE outcome = 'started') AS started,
  count(DISTINCT player_id) FILTER (WHERE outcome = 'completed') AS completed,
  round(count(DISTINCT player_id) FILTER (WHERE outcome = 'completed')::numeric
    / first_value(count(DISTINCT player_id) FILTER (WHERE outcome = 'started'))
      OVER (ORDER BY level), 3) AS of_all
FROM game.progression
GROUP BY level ORDER BY level;

-- name: level_difficulty
-- How often is a level failed, and how many attempts does it take?
SELECT level, count(*) FILTER (WHERE outcome = 'failed') AS failed,
  round(avg((outcome = 'failed')::int), 3) AS failure_rate,
  round(count(*)::numeric / nullif(count(*) FILTER (WHERE outcome = 'completed'), 0), 2)
    AS attempts_per_completion,
  max(score) AS best_score
FROM game.progression
WHERE outcome IN ('completed', 'failed')
GROUP BY level ORDER BY level;

-- name: economy
-- Where does a currency come from, where does it go, and does more come than goes?
SELECT currency, reason, sum(amount) FILTER (WHERE amount > 0) AS earned,
  -sum(amount) FILTER (WHERE amount < 0) AS spent,
  sum(sum(amount)) OVER (PARTITION BY currency) AS currency_in_circulation
FROM game.economy
GROUP BY currency, reason ORDER BY currency, reason;

-- name: crash_rate_by_version
-- Which share of the sessions of a version crashes?
WITH crashes AS (
  SELECT DISTINCT session_id FROM game.errors WHERE kind = 'crash'
)
SELECT version, count(DISTINCT sessions.session_id) AS sessions,
  count(DISTINCT crashes.session_id) AS crashed,
  round(100.0 * count(DISTINCT crashes.session_id) / count(DISTINCT sessions.session_id), 2)
    AS percent
FROM game.sessions LEFT JOIN crashes USING (session_id)
WHERE kind = 'start'
GROUP BY version ORDER BY version;

-- name: most_frequent_errors
SELECT kind, message, count(DISTINCT event_id) AS times, count(DISTINCT player_id) AS players,
  min((context ->> 'freeMb')::int) AS least_free_mb,
  string_agg(DISTINCT version, ', ' ORDER BY version) AS versions
FROM game.errors
GROUP BY kind, message ORDER BY times DESC, message LIMIT 10;

-- name: experiments
-- Does a variant of an experiment make more money?
WITH variants AS (
  SELECT DISTINCT player_id, unnest(experiments) AS variant FROM game.sessions
), paid AS (
  SELECT player_id, sum(usd) AS usd FROM game.purchases WHERE NOT sandbox GROUP BY player_id
)
SELECT variant, count(*) AS players, count(usd) AS payers,
  round(coalesce(sum(usd), 0) / count(*), 4) AS usd_per_player
FROM variants LEFT JOIN paid USING (player_id)
GROUP BY variant ORDER BY variant;

-- name: frame_rate_by_device
-- On which devices is the game slow? Their model is among the fields that are no columns.
SELECT players.more ->> 'model' AS model, count(DISTINCT players.player_id) AS players,
  round(min(frames_per_second)::numeric, 1) AS slowest,
  round(avg(frames_per_second)::numeric, 1) AS average
FROM game.players JOIN (
  SELECT DISTINCT session_id, player_id, frames_per_second FROM game.sessions WHERE kind = 'end'
) AS ends USING (player_id)
GROUP BY model ORDER BY average, model;

-- name: players_per_network
-- Which networks have many new players? Some are fraud.
SELECT network(set_masklen(address, 24)) AS network, count(DISTINCT player_id) AS players,
  count(DISTINCT address) AS addresses
FROM game.players
WHERE family(address) = 4
GROUP BY network HAVING count(DISTINCT player_id) > 10
ORDER BY players DESC, network;
