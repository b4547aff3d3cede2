// SPDX-License-Identifier: Apache-2.0

import Foundation
import SecretRotation
import SecretStore
import Testing

@Suite("A rotation request")
struct RotationRequestTests {
    private func secret(_ stages: [String: Set<String>], isRotationEnabled: Bool = true) -> SecretDescription {
        SecretDescription(arn: "arn", name: "demo", isRotationEnabled: isRotationEnabled, stages: stages)
    }

    private let request = RotationRequest(secretID: "demo", versionID: "v2", step: .setSecret)

    @Test("is read as Secrets Manager sends it")
    func decoding() throws {
        let json = #"{"SecretId":"demo","ClientRequestToken":"v2","Step":"setSecret","RotationToken":"x"}"#
        #expect(try JSONDecoder().decode(RotationRequest.self, from: Data(json.utf8)) == request)
        let wrong = json.replacing("setSecret", with: "dropSecret")
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(RotationRequest.self, from: Data(wrong.utf8)) }
    }

    @Test("is taken up for the pending version, and done for the current one")
    func admitted() throws {
        #expect(try request.admission(to: secret(["v1": ["AWSCURRENT"], "v2": ["AWSPENDING"]])) == .proceed)
        #expect(try request.admission(to: secret(["v2": ["AWSCURRENT", "AWSPENDING"]])) == .alreadyCurrent)
    }

    @Test("is refused where AWS's own function refuses it")
    func refused() {
        #expect(throws: RotationRefusal.disabled(secret: "demo")) {
            try request.admission(to: secret(["v2": ["AWSPENDING"]], isRotationEnabled: false))
        }
        #expect(throws: RotationRefusal.unknownVersion(secret: "demo", versionID: "v2")) {
            try request.admission(to: secret(["v1": ["AWSCURRENT"]]))
        }
        #expect(throws: RotationRefusal.notPending(secret: "demo", versionID: "v2")) {
            try request.admission(to: secret(["v2": ["AWSPREVIOUS"]]))
        }
    }
}
