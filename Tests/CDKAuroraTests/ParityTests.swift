// SPDX-License-Identifier: Apache-2.0

import CDK
@testable import CDKAurora
import CloudFormation
import Foundation
import Testing

@Suite("A template")
struct ParityTests {
    static let folder = Bundle.module.resourceURL!.appending(path: "Parity")
    static let cases = try! FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "cases").path)
        .map { String($0.dropLast(".json".count)) }.sorted()

    @Test("keeps the reference's contract", arguments: cases)
    func parity(name: String) throws {
        let file = Self.folder.appending(path: "cases/\(name).json").path
        let assembly = try synthesize(Configuration(file: file))
        let golden = try Data(contentsOf: Self.folder.appending(path: "golden/\(name).template.json"))
        let reference = try JSONDecoder().decode(TemplateExpression.self, from: golden)
        let comparison = TemplateComparison(
            reference: reference, candidate: try #require(assembly.stacks.first).template)
        #expect(comparison.differences == [])
        #expect(comparison.compared >= 15)
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
