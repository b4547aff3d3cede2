// SPDX-License-Identifier: Apache-2.0

import CDK

let app = App()
let stack = AuroraDemoStack(app)
app.synth()
