// SPDX-License-Identifier: Apache-2.0
// The synthesis bench's peer: stacks with a network, a key and an Aurora, on aws-cdk-lib.
//
// Usage: node stacks.js NUMBER [BUNDLE]; the assembly goes where CDK_OUTDIR says. BUNDLE is a folder with the functions'
// code, else it is a line inside of the template.
"use strict";
const cdk = require("aws-cdk-lib");
const ec2 = require("aws-cdk-lib/aws-ec2");
const iam = require("aws-cdk-lib/aws-iam");
const kms = require("aws-cdk-lib/aws-kms");
const lambda = require("aws-cdk-lib/aws-lambda");
const custom = require("aws-cdk-lib/custom-resources");
const logs = require("aws-cdk-lib/aws-logs");
const rds = require("aws-cdk-lib/aws-rds");
const { Construct } = require("constructs");

const [, , number, bundle] = process.argv;
const code = bundle ? lambda.Code.fromAsset(bundle) : lambda.Code.fromInline("exports.handler = async () => ({});");
const automaticallyAfter = cdk.Duration.days(30);

class Aurora extends Construct {
  constructor(scope, id, { vpc, key, databaseName }) {
    super(scope, id);
    const stack = cdk.Stack.of(this);
    key.addToResourcePolicy(new iam.PolicyStatement({
      sid: "AllowSecretsManagerAccess", principals: [new iam.AnyPrincipal()], resources: ["*"],
      actions: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt", "kms:CreateGrant", "kms:DescribeKey"],
      conditions: { StringEquals: {
        "kms:ViaService": `secretsmanager.${stack.region}.amazonaws.com`, "kms:CallerAccount": stack.account } },
    }));
    const securityGroup = new ec2.SecurityGroup(this, "SecurityGroup", { vpc });
    const cluster = new rds.DatabaseCluster(this, "Database", {
      engine: rds.DatabaseClusterEngine.auroraPostgres({ version: rds.AuroraPostgresEngineVersion.of("15.18", "15") }),
      backup: { retention: cdk.Duration.days(1), preferredWindow: "01:00-03:00" },
      clusterIdentifier: id, instanceIdentifierBase: id, instances: 2, storageEncryptionKey: key,
      cloudwatchLogsExports: ["postgresql"], cloudwatchLogsRetention: logs.RetentionDays.ONE_MONTH,
      credentials: rds.Credentials.fromUsername("manager", { encryptionKey: key, secretName: `${id}Manager` }),
      instanceProps: {
        vpc, vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS }, securityGroups: [securityGroup],
        instanceType: new ec2.InstanceType("t4g.medium"), enablePerformanceInsights: true,
        performanceInsightEncryptionKey: key,
      },
      parameters: {
        "rds.logical_replication": "1", max_replication_slots: "10", max_wal_senders: "10", wal_sender_timeout: "0" },
    });
    cluster.addRotationSingleUser({ automaticallyAfter });

    // A function, and in front of it the framework's own, which is what the service token names.
    const provider = (name) => {
      const onEventHandler = new lambda.Function(this, name, {
        runtime: lambda.Runtime.NODEJS_22_X, architecture: lambda.Architecture.ARM_64, handler: "index.handler", code, vpc,
        timeout: cdk.Duration.minutes(2), logRetention: logs.RetentionDays.ONE_MONTH,
        environment: { SECRET_ARN: cluster.secret.secretArn },
      });
      cluster.secret.grantRead(onEventHandler);
      cluster.connections.allowDefaultPortFrom(onEventHandler);
      return new custom.Provider(this, `${name}Provider`, { onEventHandler, logRetention: logs.RetentionDays.ONE_MONTH });
    };
    const databases = provider("ProvisionDatabase"), users = provider("ProvisionUser");
    const database = new cdk.CustomResource(this, "DatabaseProvisioning", {
      resourceType: "Custom::AuroraDatabase", serviceToken: databases.serviceToken,
      properties: { databaseName, schemas: ["public"] },
    });

    const secrets = ["Reader", "Writer"].map((name) => {
      const secret = new rds.DatabaseSecret(this, name, {
        username: `${id}_${name}`.toLowerCase(), encryptionKey: key, masterSecret: cluster.secret, secretName: id + name });
      secret.attach(cluster);
      secret.grantRead(users.onEventHandler);
      const user = new cdk.CustomResource(this, `${name}Provisioning`, {
        resourceType: "Custom::AuroraUser", serviceToken: users.serviceToken,
        properties: { userSecretArn: secret.secretArn, isWriter: name === "Writer" },
      });
      user.node.addDependency(database);
      cluster.addRotationMultiUser(name, { secret, automaticallyAfter });
      return secret;
    });
    const proxy = new rds.DatabaseProxy(this, "Proxy", {
      dbProxyName: id, proxyTarget: rds.ProxyTarget.fromCluster(cluster), secrets, vpc,
      securityGroups: [new ec2.SecurityGroup(this, "ProxySecurityGroup", { vpc })],
    });
    new cdk.CfnOutput(this, "ProxyEndpoint", { value: proxy.endpoint, exportName: `${id}ProxyEndpoint` });
    new cdk.CfnOutput(this, "ReadEndpoint", {
      value: cluster.clusterReadEndpoint.socketAddress, exportName: `${id}ReadEndpoint` });
  }
}

const app = new cdk.App({
  analyticsReporting: false,
  context: { "@aws-cdk/aws-rds:lowercaseDbIdentifier": true, "aws:cdk:disable-stack-trace": true },
});
for (let index = 1; index <= Number(number); index++) {
  const stack = new cdk.Stack(app, `Orders${index}`);
  const vpc = new ec2.Vpc(stack, "Vpc");
  const key = new kms.Key(stack, "Key");
  new Aurora(stack, `Orders${index}Aurora`, { vpc, key, databaseName: "orders" });
}
app.synth();
