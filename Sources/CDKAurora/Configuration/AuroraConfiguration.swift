// SPDX-License-Identifier: Apache-2.0

import AWSConstructs
import AuroraResources
import CDK
import Constructs
import Yams

/// The part of a configuration file that describes the Aurora.
struct AuroraConfiguration {
    /// A user, as written.
    struct User {
        let name: [String]
        let access: AccessLevel
        let schemas: [String]?
    }

    static let keys = [
        "name", "databaseName", "vpcSubnets", "activityStream", "cloudwatchLogsExports", "cloudwatchLogsRetention",
        "lambdaLogRetention", "deletionProtection", "instances", "instanceType", "performanceInsightRetention",
        "proxySecurityGroups", "securityGroups", "removalPolicy", "retentionDays", "schemas", "secretPrefix",
        "skipManagerRotation", "skipAddRotationMultiUser", "commonRotationUserOptions", "skipProvisionDatabase",
        "skipUserProvisioning", "skipProxy", "postgresEngineVersion", "parameterGroup", "parameters",
        "proxyCredentials", "users", "creators", "accessMode", "dropUsers", "resetManagerPassword",
        "vpcEndpoints",
    ]

    let name: [String]
    let databaseName: String
    private let object: ConfigurationObject
    private let subnets: SubnetSelection
    private let rotation: AuroraProperties.RotationOptions
    private let users: [AuroraProperties.User]?

    init?(_ object: ConfigurationObject) {
        self.object = object
        let name = object.required("name")?.words
        let databaseName = object.required("databaseName")?.text
        subnets = Self.readSubnets(object["vpcSubnets"])
        rotation = Self.readRotation(object["commonRotationUserOptions"])
        users = object["users"]?.list?.compactMap(Self.readUser)
        // What is only passed on is read here once, so that a mistake in it is found with all others.
        Self.readRest(object)
        guard let name, let databaseName else { return nil }
        self.name = name
        self.databaseName = databaseName
    }

    private static func readRest(_ object: ConfigurationObject) {
        for key in ["activityStream", "deletionProtection", "dropUsers", "resetManagerPassword", "skipManagerRotation"]
        {
            _ = object[key]?.bool
        }
        for key in ["skipAddRotationMultiUser", "skipProvisionDatabase", "skipUserProvisioning", "skipProxy"] {
            _ = object[key]?.bool
        }
        for key in ["cloudwatchLogsRetention", "lambdaLogRetention", "instances", "performanceInsightRetention"] {
            _ = object[key]?.int
        }
        _ = object["retentionDays"]?.int
        for key in ["cloudwatchLogsExports", "proxySecurityGroups", "securityGroups", "schemas", "creators"] {
            _ = object[key]?.texts
        }
        _ = object["instanceType"]?.text
        _ = object["parameterGroup"]?.text
        _ = object["postgresEngineVersion"]?.looseText
        _ = object["removalPolicy"]?.choice(RemovalPolicy.self)
        _ = object["proxyCredentials"]?.choice(AuroraProperties.ProxyCredentials.self)
        _ = object["accessMode"]?.choice(AccessMode.self)
        _ = object["vpcEndpoints"]?.choice(AuroraProperties.VpcEndpoints.self)
        _ = object["secretPrefix"]?.words
        _ = object["parameters"]?.textByName
    }

    private static func readSubnets(_ value: ConfigurationValue?) -> SubnetSelection {
        guard let value, let object = value.object(["subnetType", "subnetGroupName", "onePerAz"]) else {
            return .privateWithEgress
        }
        let onePerAz = object["onePerAz"]?.bool ?? false
        let type = object["subnetType"]?.choice(SubnetType.self)
        let group = object["subnetGroupName"]?.text
        switch (type, group) {
        case (_?, _?):
            object.problems.add(
                "\(value.path) takes one of subnetType and subnetGroupName, not both.", at: value.node.mark)
            return .init()
        case (let type?, nil): return .init(.type(type), onePerAz: onePerAz)
        case (nil, let group?): return .init(.groupName(group), onePerAz: onePerAz)
        case (nil, nil): return .init(.default, onePerAz: onePerAz)
        }
    }

    private static func readRotation(_ value: ConfigurationValue?) -> AuroraProperties.RotationOptions {
        var options = AuroraProperties.RotationOptions()
        guard
            let object = value?.object(["automaticallyAfterDays", "excludeCharacters", "rotateImmediatelyOnUpdate"])
        else { return options }
        if let days = object["automaticallyAfterDays"]?.int { options.automaticallyAfterDays = days }
        if let characters = object["excludeCharacters"]?.text { options.excludeCharacters = characters }
        options.rotateImmediatelyOnUpdate = object["rotateImmediatelyOnUpdate"]?.bool
        return options
    }

    private static func readUser(_ value: ConfigurationValue) -> AuroraProperties.User? {
        guard let object = value.object(["name", "access", "schemas"]), let name = object.required("name")?.words,
            let access = object.required("access")?.choice(AccessLevel.self)
        else { return nil }
        return AuroraProperties.User(Namer(name), access: access, schemas: object["schemas"]?.texts)
    }

    /// The properties, with security groups and a parameter group made or found at the stack's level.
    func properties(in stack: Stack, key: Key, vpc: Vpc, functions: FunctionsBundle) -> AuroraProperties {
        var properties = AuroraProperties(
            databaseName: databaseName, kmsKey: key, vpc: vpc, vpcSubnets: subnets, commonRotationUserOptions: rotation,
            functions: functions)
        func set<T>(_ path: WritableKeyPath<AuroraProperties, T>, _ value: T?) {
            if let value { properties[keyPath: path] = value }
        }
        set(\.activityStream, object["activityStream"]?.bool)
        set(\.cloudwatchLogsExports, object["cloudwatchLogsExports"]?.texts)
        set(\.cloudwatchLogsRetention, object["cloudwatchLogsRetention"]?.int)
        properties.lambdaLogRetention = object["lambdaLogRetention"]?.int
        properties.deletionProtection = object["deletionProtection"]?.bool
        set(\.instances, object["instances"]?.int)
        set(\.instanceType, object["instanceType"]?.text)
        set(\.performanceInsightRetention, object["performanceInsightRetention"]?.int)
        properties.securityGroups = groups("securityGroups", "ImportedSg", stack, vpc)
        properties.proxySecurityGroups = groups("proxySecurityGroups", "ImportedProxySg", stack, vpc)
        properties.removalPolicy = object["removalPolicy"]?.choice(RemovalPolicy.self)
        set(\.retentionDays, object["retentionDays"]?.int)
        set(\.schemas, object["schemas"]?.texts)
        properties.secretPrefix = object["secretPrefix"]?.words.map { Namer($0) }
        set(\.skipManagerRotation, object["skipManagerRotation"]?.bool)
        set(\.skipAddRotationMultiUser, object["skipAddRotationMultiUser"]?.bool)
        set(\.skipProvisionDatabase, object["skipProvisionDatabase"]?.bool)
        set(\.skipUserProvisioning, object["skipUserProvisioning"]?.bool)
        set(\.skipProxy, object["skipProxy"]?.bool)
        properties.postgresEngineVersion = object["postgresEngineVersion"]?.looseText
        properties.parameterGroup = object["parameterGroup"]?.text.map {
            ParameterGroup.fromName(stack, "ParameterGroup", $0)
        }
        properties.parameters = object["parameters"]?.textByName
        set(\.proxyCredentials, object["proxyCredentials"]?.choice(AuroraProperties.ProxyCredentials.self))
        set(\.users, users)
        set(\.creators, object["creators"]?.texts)
        set(\.accessMode, object["accessMode"]?.choice(AccessMode.self))
        properties.vpcEndpoints = object["vpcEndpoints"]?.choice(AuroraProperties.VpcEndpoints.self)
        set(\.dropUsers, object["dropUsers"]?.bool)
        set(\.resetManagerPassword, object["resetManagerPassword"]?.bool)
        return properties
    }

    /// Security groups: `sg-…` is one that exists, anything else the name of a new one.
    private func groups(_ property: String, _ importedID: String, _ stack: Stack, _ vpc: Vpc) -> [SecurityGroup]? {
        object[property]?.texts?.enumerated().map { index, name in
            name.hasPrefix("sg-")
                ? SecurityGroup.fromId(stack, "\(importedID)\(index)", name)
                : SecurityGroup(stack, name, vpc: vpc, description: name)
        }
    }
}
