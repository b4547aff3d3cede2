// SPDX-License-Identifier: Apache-2.0

import CDK

let app = App()
let stack = OrdersStack(app)
app.synth()
