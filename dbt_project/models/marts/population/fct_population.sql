-- One row per district and census year in which it was counted: the denominator of rates.
select
    census.district_code,
    district.state_code,
    census.census_year,
    census.population,
    census.non_citizens
from {{ ref('ref_census') }} as census
inner join {{ ref('ref_district') }} as district on census.district_code = district.district_code
