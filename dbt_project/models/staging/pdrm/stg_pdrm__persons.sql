-- One row per person in an investigation paper and delivery, as the police sent it.
{{ mids.stage('pdrm__persons') }}
