# SPDX-License-Identifier: Apache-2.0
"""The reference: the same constructs on the real aws-cdk-lib, for the parts of a template that must stay the same.

usage: reference.py OUTPUT CASE.json ...   writes OUTPUT/CASE.template.json for each case

What holds state, names or network is composed as the original composes it. Its functions are left out: they are
replaced and not compared.
"""
import json
import pathlib
import sys

import aws_cdk as cdk
import constructs
from aws_cdk import aws_ec2 as ec2, aws_iam as iam, aws_kms as kms, aws_logs as logs, aws_rds as rds

SUBNET_TYPES = {
    "public": ec2.SubnetType.PUBLIC, "privateWithEgress": ec2.SubnetType.PRIVATE_WITH_EGRESS,
    "privateIsolated": ec2.SubnetType.PRIVATE_ISOLATED,
}
REMOVAL = {"destroy": cdk.RemovalPolicy.DESTROY, "retain": cdk.RemovalPolicy.RETAIN, "snapshot": cdk.RemovalPolicy.SNAPSHOT}
PARAMETERS = {
    "rds.logical_replication": "1", "max_replication_slots": "10", "max_wal_senders": "10", "wal_sender_timeout": "0"}
FLAGS = {
    # As the templates of the original have it.
    "@aws-cdk/aws-rds:lowercaseDbIdentifier": True,
    "aws:cdk:enable-path-metadata": False, "aws:cdk:enable-asset-metadata": False,
    "aws:cdk:disable-stack-trace": True,
}


def words(value):
    return [value] if isinstance(value, str) else value


def pascal(parts):
    return "".join(part[:1].upper() + part[1:] for part in (part.lower() for part in parts))


def snake(parts):
    return "_".join(part.lower() for part in parts)


def make_vpc(stack, spec):
    if "lookup" in spec:
        lookup = spec["lookup"]
        return ec2.Vpc.from_lookup(
            stack, "Vpc", is_default=lookup.get("isDefault"), vpc_id=lookup.get("vpcId"),
            vpc_name=lookup.get("vpcName"), tags=lookup.get("tags"))
    create = spec["create"]
    options = {}
    if "maxAzs" in create:
        options["max_azs"] = create["maxAzs"]
    if "natGateways" in create:
        options["nat_gateways"] = create["natGateways"]
    if "cidr" in create:
        options["ip_addresses"] = ec2.IpAddresses.cidr(create["cidr"])
    if "subnetConfiguration" in create:
        options["subnet_configuration"] = [
            ec2.SubnetConfiguration(
                name=group["name"], subnet_type=SUBNET_TYPES[group["subnetType"]], cidr_mask=group.get("cidrMask"))
            for group in create["subnetConfiguration"]]
    return ec2.Vpc(stack, "Vpc", **options)


def make_key(stack, spec):
    if "arn" in spec:
        return kms.Key.from_key_arn(stack, "Key", spec["arn"])
    create = spec["create"]
    return kms.Key(
        stack, "Key", description=create.get("description"), enable_key_rotation=create.get("enableKeyRotation"),
        alias=create.get("alias"))


def make_groups(stack, vpc, names, imported):
    if names is None:
        return None
    return [
        ec2.SecurityGroup.from_security_group_id(stack, f"{imported}{index}", name) if name.startswith("sg-")
        else ec2.SecurityGroup(stack, name, vpc=vpc, description=name) for index, name in enumerate(names)]


def make_aurora(stack, spec, key, vpc):
    name = spec["name"]
    identity = pascal(name)
    prefix = words(spec.get("secretPrefix", []))
    scope = constructs.Construct(stack, identity)
    key.add_to_resource_policy(iam.PolicyStatement(
        sid="AllowSecretsManagerAccess", principals=[iam.AnyPrincipal()],
        actions=["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt", "kms:CreateGrant", "kms:DescribeKey"], resources=["*"],
        conditions={"StringEquals": {
            "kms:ViaService": f"secretsmanager.{stack.region}.amazonaws.com", "kms:CallerAccount": stack.account}}))
    groups = make_groups(stack, vpc, spec.get("securityGroups"), "ImportedSg") or [
        ec2.SecurityGroup(scope, "SecurityGroup", vpc=vpc)]
    version = spec["postgresEngineVersion"]
    selection = spec.get("vpcSubnets", {"subnetType": "privateWithEgress"})
    subnets = ec2.SubnetSelection(
        subnet_type=SUBNET_TYPES.get(selection.get("subnetType")), subnet_group_name=selection.get("subnetGroupName"),
        one_per_az=selection.get("onePerAz"))
    removal = REMOVAL.get(spec.get("removalPolicy"))
    retention = {7: rds.PerformanceInsightRetention.DEFAULT, 731: rds.PerformanceInsightRetention.LONG_TERM}.get(
        spec.get("performanceInsightRetention", 7))
    cluster = rds.DatabaseCluster(
        scope, "Database",
        engine=rds.DatabaseClusterEngine.aurora_postgres(
            version=rds.AuroraPostgresEngineVersion.of(version, version.split(".")[0])),
        backup=rds.BackupProps(
            retention=cdk.Duration.days(spec.get("retentionDays", 1)), preferred_window="01:00-03:00"),
        cluster_identifier=identity, cloudwatch_logs_exports=spec.get("cloudwatchLogsExports", ["postgresql"]),
        cloudwatch_logs_retention=logs.RetentionDays.ONE_MONTH,
        credentials=rds.Credentials.from_username(
            snake(name + ["manager"]), encryption_key=key, secret_name=pascal(prefix + name + ["manager"])),
        deletion_protection=spec.get("deletionProtection"), instances=spec.get("instances", 2),
        instance_identifier_base=identity,
        instance_props=rds.InstanceProps(
            vpc=vpc, vpc_subnets=subnets, security_groups=groups,
            instance_type=ec2.InstanceType(spec.get("instanceType", "t4g.medium")), enable_performance_insights=True,
            performance_insight_encryption_key=key, performance_insight_retention=retention),
        parameters=spec.get("parameters", PARAMETERS), storage_encryption_key=key, removal_policy=removal)
    options = spec.get("commonRotationUserOptions", {})
    rotation = {"automatically_after": cdk.Duration.days(options.get("automaticallyAfterDays", 30))}
    if "excludeCharacters" in options:
        rotation["exclude_characters"] = options["excludeCharacters"]
    if "rotateImmediatelyOnUpdate" in options:
        rotation["rotate_immediately_on_update"] = options["rotateImmediatelyOnUpdate"]
    if not spec.get("skipManagerRotation"):
        cluster.add_rotation_single_user(**rotation)
    secrets = []
    for user in ["reader", "writer"]:
        secret = rds.DatabaseSecret(
            scope, pascal([user]), username=snake(name + [user]), encryption_key=key, master_secret=cluster.secret,
            secret_name=pascal(prefix + name + [user]))
        secret.attach(cluster)
        if not spec.get("skipAddRotationMultiUser"):
            cluster.add_rotation_multi_user(pascal([user]), secret=secret, **rotation)
        secrets.append(secret)
    proxy = None
    if not spec.get("skipProxy"):
        proxy_groups = make_groups(stack, vpc, spec.get("proxySecurityGroups"), "ImportedProxySg") or [
            ec2.SecurityGroup(scope, "ProxySecurityGroup", vpc=vpc)]
        proxy = rds.DatabaseProxy(
            scope, "Proxy", db_proxy_name=identity, proxy_target=rds.ProxyTarget.from_cluster(cluster), secrets=secrets,
            vpc=vpc, security_groups=proxy_groups)
        cdk.CfnOutput(scope, "ProxyEndpoint", value=proxy.endpoint, export_name=pascal(name + ["proxy", "endpoint"]))
    cdk.CfnOutput(
        scope, pascal(name + ["read", "endpoint"]), value=cluster.cluster_read_endpoint.socket_address,
        export_name=pascal(name + ["read", "endpoint"]))
    return cluster, proxy


def synthesize(case, output):
    spec = json.loads(case.read_text())
    app = cdk.App(context={**FLAGS, **spec.get("context", {})}, analytics_reporting=False)
    environment = spec.get("environment")
    stack = cdk.Stack(app, spec["stack"], env=cdk.Environment(**environment) if environment else None)
    vpc = make_vpc(stack, spec["vpc"])
    key = make_key(stack, spec["kmsKey"])
    cluster, proxy = make_aurora(stack, spec["aurora"], key, vpc)
    if "allowFrom" in spec:
        client = ec2.SecurityGroup.from_security_group_id(stack, "Client", spec["allowFrom"])
        cluster.connections.allow_default_port_from(client)
        if proxy:
            proxy.connections.allow_from(client, ec2.Port.tcp(5432))
    template = app.synth().get_stack_by_name(spec["stack"]).template
    (output / f"{case.stem}.template.json").write_text(json.dumps(template, indent=1) + "\n")


def main():
    output = pathlib.Path(sys.argv[1])
    output.mkdir(parents=True, exist_ok=True)
    for case in sys.argv[2:]:
        synthesize(pathlib.Path(case), output)
    print(f"{len(sys.argv) - 2} templates in {output}")


if __name__ == "__main__":
    main()
