-- One row per year, crime type, age band and sex: counted victims, migrants and missing persons.
{{ mids.victim_counts(['age_band_code', 'is_child_code', 'sex_code']) }}
