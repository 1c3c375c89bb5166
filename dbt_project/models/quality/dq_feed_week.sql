-- One row per feed, week and check; NOT_ASSESSED where nothing was delivered to assess.
with feed as (

    {{ mids.feeds() }}

),

receipt as (

    -- What a replay lets in from quarantine was delivered before.
    select
        receipt_id,
        agency as agency_code,
        feed as feed_code,
        {{ mids.week_start('cast(known_on as date)') }} as week_start,
        cast(known_on as date) as known_on,
        status,
        max(sha256) as sha256,
        sum(received) as received,
        sum(accepted) as accepted,
        sum(quarantined) as quarantined
    from {{ source('landing', 'receipts') }}
    where
        coalesce(let_in, 0) = 0
        and cast(known_on as date) <= cast('{{ var("as_of") or "9999-12-31" }}' as date)
    group by receipt_id, agency, feed, cast(known_on as date), status

),

-- From the week MIDS began to the week of the newest delivery of any feed: no clock is read here.
week as (

    select distinct {{ mids.week_start('days.date_on') }} as week_start
    from (
        {{ mids.days('(select min(week_start) from receipt)', '(select max(week_start) from receipt)') }}
    ) as days

),

delivered as (

    select
        agency_code,
        feed_code,
        week_start,
        count(*) as deliveries,
        sum(case when status = 'refused' then 1 else 0 end) as refused,
        sum(case when status = 'accepted' then received end) as received,
        sum(case when status = 'accepted' then accepted end) as accepted,
        sum(case when status = 'accepted' then quarantined end) as quarantined
    from receipt
    where status <> 'duplicate'
    group by agency_code, feed_code, week_start

),

last_delivery as (

    select
        receipt.agency_code,
        receipt.feed_code,
        week.week_start,
        max(receipt.known_on) as known_on
    from receipt
    inner join week on receipt.known_on < {{ mids.plus_days('week.week_start', 7) }}
    -- The same bytes sent again are no silence.
    where
        receipt.status = 'accepted'
        or (
            receipt.status = 'duplicate'
            and receipt.sha256 in (
                select known.sha256
                from receipt as known
                where known.status = 'accepted'
            )
        )
    group by receipt.agency_code, receipt.feed_code, week.week_start

),

feed_week as (

    select
        feed.agency_code,
        feed.feed_code,
        feed.cadence,
        feed.lateness_days,
        week.week_start,
        coalesce(delivered.deliveries, 0) as deliveries,
        delivered.refused,
        delivered.received,
        delivered.accepted,
        delivered.quarantined,
        -- Days from the last accepted delivery to the end of the week.
        {{ dbt.datediff('last_delivery.known_on', mids.plus_days('week.week_start', 6), 'day') }} as days_since
    from feed
    cross join week
    left join delivered
        on
            feed.agency_code = delivered.agency_code
            and feed.feed_code = delivered.feed_code
            and week.week_start = delivered.week_start
    left join last_delivery
        on
            feed.agency_code = last_delivery.agency_code
            and feed.feed_code = last_delivery.feed_code
            and week.week_start = last_delivery.week_start

),

checked as (

    select
        agency_code,
        feed_code,
        week_start,
        'RECEIVED' as check_code,
        case when received is null then 'NOT_ASSESSED' else 'PASS' end as check_status,
        received as check_value
    from feed_week
    union all
    select
        agency_code,
        feed_code,
        week_start,
        'ACCEPTED' as check_code,
        case
            when accepted is null then 'NOT_ASSESSED'
            when accepted + quarantined = received then 'PASS'
            else 'FAIL'
        end as check_status,
        accepted as check_value
    from feed_week
    union all
    select
        agency_code,
        feed_code,
        week_start,
        'QUARANTINED' as check_code,
        case
            when quarantined is null then 'NOT_ASSESSED'
            when quarantined = 0 then 'PASS'
            else 'WARN'
        end as check_status,
        quarantined as check_value
    from feed_week
    union all
    select
        agency_code,
        feed_code,
        week_start,
        'REFUSED' as check_code,
        case
            when deliveries = 0 then 'NOT_ASSESSED'
            when refused = 0 then 'PASS'
            else 'FAIL'
        end as check_status,
        refused as check_value
    from feed_week
    union all
    select
        agency_code,
        feed_code,
        week_start,
        'DAYS_SINCE_DELIVERY' as check_code,
        case
            when cadence = 'adhoc' or lateness_days is null or days_since is null then 'NOT_ASSESSED'
            when days_since <= lateness_days then 'PASS'
            else 'FAIL'
        end as check_status,
        days_since as check_value
    from feed_week

)

select
    upper(checked.agency_code) as agency_code,
    checked.feed_code,
    checked.week_start,
    quality_check.dimension_code,
    checked.check_code,
    checked.check_status,
    cast(checked.check_value as {{ dbt.type_bigint() }}) as check_value
from checked
inner join {{ ref('ref_quality_check') }} as quality_check on checked.check_code = quality_check.check_code
