// SPDX-License-Identifier: Apache-2.0

import CDK
import CloudFormation
import Foundation
import Testing

@testable import CDKAurora

/// Where `make parity` has put what the real aws-cdk-lib synthesizes just now.
private let liveFolder = ProcessInfo.processInfo.environment["AURORA_PARITY_LIVE"]

@Suite("A template")
struct ParityTests {
    /// A configuration, and the template that the reference makes of it.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let folder: String
        let reference: String

        var testDescription: String { name }
        var configuration: String { ParityTests.folder.appending(path: "\(folder)/\(name).json").path }

        func template(in folder: URL? = nil) throws -> TemplateExpression {
            let folder = folder ?? ParityTests.folder.appending(path: reference)
            let data = try Data(contentsOf: folder.appending(path: "\(name).template.json"))
            return try JSONDecoder().decode(TemplateExpression.self, from: data)
        }
    }

    static let folder = Bundle.module.bundleURL.appending(path: "Parity")
    /// Those of the original itself, and combinations recorded from the same constructs on the real aws-cdk-lib.
    static let cases = [("cases", "golden"), ("combinations", "recorded")].flatMap { folder, reference in
        ((try? FileManager.default.contentsOfDirectory(atPath: Self.folder.appending(path: folder).path)) ?? [])
            .sorted()
            .map { Case(name: String($0.dropLast(".json".count)), folder: folder, reference: reference) }
    }

    @Test("keeps the reference's contract", arguments: cases)
    func parity(test: Case) throws {
        let assembly = try synthesize(Configuration(file: test.configuration))
        let comparison = TemplateComparison(
            reference: try test.template(), candidate: try #require(assembly.stacks.first).template)
        #expect(comparison.differences == [])
        #expect(comparison.compared >= 15)
    }

    @Test(
        "of the reference is still the one that was recorded", .enabled(if: liveFolder != nil, "make parity runs this"),
        arguments: cases)
    func live(test: Case) throws {
        let live = try #require(liveFolder)
        let comparison = TemplateComparison(
            reference: try test.template(), candidate: try test.template(in: URL(fileURLWithPath: live)))
        #expect(comparison.differences == [])
    }

    @Test("is compared in all cases")
    func allCases() {
        #expect(Self.cases.count >= 58)
    }

    @Test("that differs from the reference is found out")
    func comparisonFindsDifferences() throws {
        let golden = try Data(contentsOf: Self.folder.appending(path: "golden/default.template.json"))
        let reference = try JSONDecoder().decode(TemplateExpression.self, from: golden)
        let assembly = try synthesize(Configuration(file: Self.folder.appending(path: "cases/retain.json").path))
        let comparison = TemplateComparison(
            reference: reference, candidate: try #require(assembly.stacks.first).template)
        #expect(comparison.differences.contains("AuroraDemoDatabaseE381E335.DeletionPolicy"))
    }
}

/// Synthesizes a configuration without writing it.
func synthesize(_ configuration: Configuration) throws -> CloudAssembly {
    let directory = FileManager.default.temporaryDirectory.appending(path: "aurora-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: directory) }
    return try configuration.app(
        outputDirectory: directory, environment: [:], functions: FunctionsBundle(path: "/nonexistent")
    ).synthesize()
}
