-- One row per person reported by one organisation: a claim, not a finding.
select
    report.report_record_id as ngo_report_key,
    coalesce(person.case_key, 'XX') as case_key,
    coalesce(person.person_key, 'XX') as person_key,
    agency.agency_code,
    agency.source_quality_code,
    report.country_code,
    report.state_code,
    report.trafficking_status_code,
    report.case_status_code,
    report.event_on,
    {{ mids.week_start('report.event_on') }} as event_week,
    report.reported_on,
    coalesce(person.cluster_size, 1) > 1 as is_linked_to_other_record,
    report.known_on
from {{ ref('cnf_ngo_report') }} as report
inner join {{ ref('dim_agency') }} as agency on agency.agency_code = 'NGO'
left join {{ ref('lnk_person') }} as person on report.report_record_id = person.person_record_id
