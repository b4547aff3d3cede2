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

    /// What comes of a step for a secret with this value.
    private func refusal(_ name: String, _ value: String) throws -> RotationRefusal? {
        var machine = RotationMachine(
            RotationRequest(secretID: name, versionID: "v2", step: .createSecret),
            .init(managerSecret: "boss", usernames: ["orders_reader", "orders_writer"]))
        machine.receive(
            .described(
                SecretDescription(
                    arn: "arn", name: name, isRotationEnabled: true,
                    stages: ["v1": ["AWSCURRENT"], "v2": ["AWSPENDING"]])))
        machine.receive(.credentials(try DatabaseCredentials(value: value, secret: name)))
        guard case .refused(let refusal) = machine.action else { return nil }
        return refusal
    }

    @Test("is refused where somebody has written to the secret what it is not for")
    func confused() throws {
        func value(_ username: String, host: String = "h", manager: String = "boss", engine: String = "postgres")
            -> String
        {
            #"{"username":"\#(username)","password":"p","host":"\#(host)","engine":"\#(engine)","masterarn":"\#(manager)"}"#
        }
        #expect(try refusal("OrdersReader", value("orders_reader")) == nil)
        #expect(try refusal("ProdOrdersReader", value("orders_reader_clone")) == nil)
        #expect(
            try refusal("OrdersReader", value("orders_writer"))
                == .otherUser(secret: "OrdersReader", username: "orders_writer"))
        #expect(
            try refusal("OrdersReader", value("orders_writer_clone"))
                == .otherUser(secret: "OrdersReader", username: "orders_writer_clone"))
        #expect(
            try refusal("OrdersReader", value("postgres")) == .notDeclared(secret: "OrdersReader", username: "postgres")
        )
        #expect(
            try refusal("OrdersReader", value("orders_reader", manager: "other"))
                == .otherManager(secret: "OrdersReader", manager: "other", expected: "boss"))
        #expect(try refusal("OrdersReader", value("orders_reader", host: "")) == .noHost(secret: "OrdersReader"))
        #expect(
            try refusal("OrdersReader", value("orders_reader", engine: "mysql"))
                == .otherEngine(secret: "OrdersReader", engine: "mysql"))
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
