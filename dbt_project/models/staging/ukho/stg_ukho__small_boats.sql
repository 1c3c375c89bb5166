-- One row per day and delivery, as the UK Home Office published small-boat arrivals.
{{ mids.stage('ukho__small_boats') }}
