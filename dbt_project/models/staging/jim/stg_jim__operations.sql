-- One row per immigration operation and delivery, as Immigration sent it.
{{ mids.stage('jim__operations') }}
