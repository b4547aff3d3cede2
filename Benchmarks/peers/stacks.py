# SPDX-License-Identifier: Apache-2.0
"""The synthesis bench's second peer: as stacks.js from Python, without the functions.

Usage: stacks.py NUMBER; the assembly goes where CDK_OUTDIR says.
"""
import sys

import aws_cdk as cdk

import reference

app = cdk.App(context=reference.FLAGS, analytics_reporting=False)
for index in range(1, int(sys.argv[1]) + 1):
    stack = cdk.Stack(app, f"Orders{index}")
    vpc, key = reference.make_vpc(stack, {"create": {}}), reference.make_key(stack, {"create": {}})
    reference.make_aurora(stack, {"name": [f"orders{index}", "aurora"], "postgresEngineVersion": "15.12"}, key, vpc)
app.synth()
