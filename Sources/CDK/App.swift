// SPDX-License-Identifier: Apache-2.0

public import CloudFormation
public import Constructs

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// An application: the root of the tree, with the stacks that are deployed together.
///
/// ```swift
/// let app = App()
/// _ = MyStack(app, "MyStack")
/// app.synth()
/// ```
public final class App: Construct {
    /// Facts about the account that the `cdk` CLI has looked up, and flags, by key.
    public let context: [String: TemplateExpression]
    /// Where the cloud assembly is written.
    public let outputDirectory: String
    /// The account and region of the CLI's credentials, for stacks that should go there.
    public let defaultEnvironment: Environment?

    private var fileAssets: [String: FileAsset] = [:]
    package private(set) var missingContext: [MissingContext] = []

    /// Makes an application as the `cdk` CLI starts it.
    ///
    /// - Parameters:
    ///   - outputDirectory: Where the assembly goes; by default where the CLI asks for it, else `cdk.out`.
    ///   - context: Facts and flags in addition to the CLI's; these win.
    ///   - environment: The process's environment variables, of which `CDK_OUTDIR`, `CDK_CONTEXT_JSON`,
    ///     `CONTEXT_OVERFLOW_LOCATION_ENV`, `CDK_DEFAULT_ACCOUNT` and `CDK_DEFAULT_REGION` are read.
    public init(
        outputDirectory: String? = nil, context: [String: TemplateExpression] = [:],
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        self.outputDirectory = outputDirectory ?? environment["CDK_OUTDIR"] ?? "cdk.out"
        let read = Self.readContext(environment)
        self.context = read.context.merging(context) { _, given in given }
        if let account = environment["CDK_DEFAULT_ACCOUNT"], let region = environment["CDK_DEFAULT_REGION"] {
            defaultEnvironment = Environment(account: account, region: region)
        } else {
            defaultEnvironment = nil
        }
        super.init(at: Node())
        for problem in read.problems { node.addError(problem) }
    }

    /// Merges the context from the environment with what did not fit in there.
    private static func readContext(_ environment: [String: String]) -> (
        context: [String: TemplateExpression], problems: [String]
    ) {
        var context: [String: TemplateExpression] = [:]
        var problems: [String] = []
        func merge(_ json: Data, from source: String) {
            do {
                guard case .object(let members) = try TemplateExpression.parse(json: json) else {
                    problems.append("\(source) is not a JSON object.")
                    return
                }
                for member in members { context[member.name] = member.value }
            } catch {
                problems.append("\(source) is not valid JSON.")
            }
        }
        if let path = environment["CONTEXT_OVERFLOW_LOCATION_ENV"] {
            if let data = FileManager.default.contents(atPath: path) {
                merge(data, from: "The context file '\(path)'")
            } else {
                problems.append("The context file '\(path)' of CONTEXT_OVERFLOW_LOCATION_ENV cannot be read.")
            }
        }
        if let json = environment["CDK_CONTEXT_JSON"] {
            merge(Data(json.utf8), from: "The environment variable CDK_CONTEXT_JSON")
        }
        return (context, problems)
    }

    /// The asset of a path, whose files are read once for all stacks.
    package func fileAsset(path: String) throws -> FileAsset {
        if let known = fileAssets[path] { return known }
        let asset = try FileAsset(path: path)
        fileAssets[path] = asset
        return asset
    }

    package func reportMissing(_ missing: MissingContext) {
        if !missingContext.contains(missing) { missingContext.append(missing) }
    }

    /// Synthesizes and writes the cloud assembly.
    ///
    /// - Parameter check: Looks at it before anything is written, and throws where it should not be.
    /// - Returns: What was written.
    /// - Throws: `ValidationError` with all that is wrong, before anything is written, or an error of the file system.
    @discardableResult
    public func synthesize(checking check: (CloudAssembly) throws -> Void = { _ in }) throws -> CloudAssembly {
        let assembly = try Synthesizer(app: self).assembly()
        try check(assembly)
        try assembly.write(to: outputDirectory)
        return assembly
    }

    /// Synthesizes, as the last statement of a program that the `cdk` CLI runs.
    ///
    /// What is wrong goes to standard error and ends the process with status 1. Warnings travel in the assembly,
    /// and the CLI prints them.
    @discardableResult
    public func synth() -> CloudAssembly {
        do {
            return try synthesize()
        } catch {
            Terminal.fail("\(error)\n")
        }
    }
}
