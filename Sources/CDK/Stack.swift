// SPDX-License-Identifier: Apache-2.0

public import CloudFormation
public import Constructs

/// A unit of deployment: what is below it becomes one CloudFormation template.
open class Stack: Construct {
    /// CloudFormation's name for the stack.
    public let stackName: String
    /// Where it is deployed; `nil` leaves that to the moment of deployment.
    public let environment: Environment?
    /// What the stack is for, at most 1,024 bytes.
    public let stackDescription: String?
    /// Whether CloudFormation refuses to delete the stack.
    public let terminationProtection: Bool
    /// Tags that CloudFormation puts on the stack and on all its resources that can carry them.
    public let stackTags: [String: String]

    package private(set) var assets: [FileAsset] = []
    package private(set) var stackDependencies: [Stack] = []

    /// Declares a stack.
    ///
    /// - Parameters:
    ///   - scope: The application, or a construct in it.
    ///   - id: The construct's id; also the stack's name, unless `stackName` is given.
    ///   - environment: Where it goes. Look-ups and more than two Availability Zones need it.
    ///   - stackName: CloudFormation's name for it: letters, digits and hyphens, at most 128, beginning with a letter.
    ///   - description: What the stack is for, at most 1,024 bytes.
    ///   - terminationProtection: Whether CloudFormation refuses to delete it.
    ///   - tags: Tags for the stack and its resources.
    public init(
        _ scope: any Scope, _ id: String, environment: Environment? = nil, stackName: String? = nil,
        description: String? = nil, terminationProtection: Bool = false, tags: [String: String] = [:]
    ) {
        self.environment = environment
        self.terminationProtection = terminationProtection
        stackDescription = description
        stackTags = tags
        let scopes = scope.node.scopes.dropFirst().map(\.id)
        self.stackName = stackName ?? (scopes.isEmpty ? id : UniqueID.make(scopes + [id]))
        super.init(at: Node(scope, id))
        checkLimits()
    }

    private func checkLimits() {
        let name = stackName.utf8
        func isLetter(_ byte: UInt8) -> Bool {
            (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
        }
        func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
        let fits = name.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
        if !fits || name.count > 128 || !(name.first.map(isLetter) ?? false) {
            node.addError(
                "The stack name '\(stackName)' is not allowed: use letters, digits and hyphens, "
                    + "beginning with a letter, at most 128 characters.")
        }
        if let stackDescription, stackDescription.utf8.count > 1024 {
            node.addError(
                "The description has \(stackDescription.utf8.count) bytes; CloudFormation allows 1,024: shorten it.")
        }
    }

    /// The stack that a construct belongs to.
    ///
    /// A construct outside of any stack has a programming error in it, which ends the process.
    public static func of(_ scope: any Scope) -> Stack {
        for node in sequence(first: scope.node, next: \.parent) {
            if let stack = node.construct as? Stack { return stack }
        }
        preconditionFailure("'\(scope.node.path)' is not in a Stack: create it below one.")
    }

    /// The account this stack is deployed to.
    public var account: Value<String> { environment.map { Value($0.account) } ?? PseudoParameter.accountID.value }
    /// The region this stack is deployed to.
    public var region: Value<String> { environment.map { Value($0.region) } ?? PseudoParameter.region.value }
    /// The partition, such as `aws` or `aws-cn`.
    public var partition: Value<String> { PseudoParameter.partition.value }

    /// The Availability Zones that a new network may spread over.
    ///
    /// Without an environment these are the first two of wherever the stack is deployed.
    public var availabilityZones: [Value<String>] {
        guard environment != nil else {
            let zones = Fn.getAZs()
            return [Fn.select(0, zones), Fn.select(1, zones)]
        }
        let zones = ContextQuery.availabilityZones.answer(for: self)
        return (zones.elements ?? []).compactMap(\.stringLiteral).map { Value($0) }
    }

    /// Makes this stack wait for another one's deployment.
    public func addDependency(on other: Stack) {
        if other !== self, !stackDependencies.contains(where: { $0 === other }) { stackDependencies.append(other) }
    }

    /// Adds files that are uploaded before the stack is deployed.
    ///
    /// - Returns: Where they will be.
    package func add(_ asset: FileAsset) -> FileAsset.Location {
        if !assets.contains(where: { $0.hash == asset.hash }) { assets.append(asset) }
        // With an environment there is nothing left to be filled in.
        let bucket = TemplateExpression.string(BootstrapResources(of: self).assetBucket)
        return FileAsset.Location(
            bucket: Value(unchecked: environment == nil ? .intrinsic("Fn::Sub", bucket) : bucket),
            key: Value("\(asset.hash)\(asset.packaging.fileExtension)"))
    }
}
