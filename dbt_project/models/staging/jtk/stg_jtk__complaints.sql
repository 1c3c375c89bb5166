-- One row per labour complaint or inspection and delivery, as the Labour Department sent it.
{{ mids.stage('jtk__complaints') }}
