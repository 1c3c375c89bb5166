-- One row per investigation paper and delivery, as the police sent it.
{{ mids.stage('pdrm__cases') }}
