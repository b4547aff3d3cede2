# SPDX-License-Identifier: Apache-2.0
"""What cdk-nag's AwsSolutions checks find in a template: one `RULE LOGICAL-ID` a line. Usage: nag.py TEMPLATE"""
import sys
import tempfile

import aws_cdk
import cdk_nag
from aws_cdk.cloudformation_include import CfnInclude

with tempfile.TemporaryDirectory() as folder:
    app = aws_cdk.App(outdir=folder)
    # The template has a rule about the bootstrap's version already.
    synthesizer = aws_cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
    stack = aws_cdk.Stack(app, "Stack", synthesizer=synthesizer)
    CfnInclude(stack, "Template", template_file=sys.argv[1])
    aws_cdk.Aspects.of(app).add(cdk_nag.AwsSolutionsChecks(reports=False))
    for message in app.synth().get_stack_by_name("Stack").messages:
        text = str(message.entry.data)
        if text.startswith("AwsSolutions-"):
            print(text.split(":")[0].split("[")[0].removeprefix("AwsSolutions-"), message.id.rsplit("/", 1)[-1])
