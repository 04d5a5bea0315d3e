package io.silkstone.node.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.node.Node;
import io.silkstone.api.policy.PolicyDirectory;
import io.silkstone.api.policy.PolicyDirectory.Event;
import io.silkstone.api.policy.PolicyId;
import io.silkstone.api.policy.PolicyRefused;
import io.silkstone.node.FakeSlot;
import io.silkstone.node.LiveFramework;
import io.silkstone.node.TestBundle;
import io.silkstone.node.TestPolicies;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;

class PolicyDirectoryLiveTest {
    @TempDir Path home;

    private final FakeSlot slot = new FakeSlot("cores");
    private LiveFramework live;
    private PolicyDirectory directory;

    @BeforeEach
    void start() throws Exception {
        live = LiveFramework.withNode(home);
        live.register(slot);
        directory = live.service(PolicyDirectory.class);
    }

    @AfterEach
    void stop() throws Exception {
        live.close();
    }

    @Test
    void use_installedPolicy_switchesAndIsRemembered() throws Exception {
        install(TestBundle.policy("fixed", "1.0.0", TestPolicies.Steady.class));
        PolicyDirectory.Switch done = directory.use("cores", "fixed", false);
        assertThat(done.changed()).isTrue();
        assertThat(slot.inUse()).isEqualTo(done.to());
        assertThat(slot.decide()).isEqualTo(1);
        assertThat(home.resolve("etc/io.silkstone.policies.cfg")).hasContent("cores = fixed");
    }

    @Test
    void use_comesBackThroughTheConfiguration_switchesOnce() throws Exception {
        install(TestBundle.policy("fixed", "1.0.0", TestPolicies.Steady.class));
        install(TestBundle.policy("other", "1.0.0", TestPolicies.Steady.class));
        for (int i = 0; i < 10; i++) {
            directory.use("cores", "fixed", false);
            directory.use("cores", "other", false);
        }
        // The last write has come back when a later edit of the file has had its effect.
        Files.writeString(home.resolve("etc/io.silkstone.policies.cfg"), "cores = fixed\n");
        awaitLast("configuration");
        assertThat(slot.inUse().name()).isEqualTo("fixed");
        assertThat(slot.uses()).hasSize(21);
    }

    @Test
    void edit_ofThePolicyInUse_keepsItInUse() throws Exception {
        Path settings = home.resolve("etc/test.fixed.cfg");
        Files.writeString(settings, "decision = 1\n");
        Node node = live.service(Node.class);
        LiveFramework.await(
                "the file",
                () ->
                        node.config().stream()
                                .anyMatch(setting -> setting.pid().equals("test.fixed")));
        install(
                TestBundle.of("test.fixed", "1.0.0")
                        .componentXml(
                                "test.fixed",
                                TestPolicies.Adjustable.class,
                                "activate='activate' modified='modified'",
                                "<property name='silkstone.kind' value='cores'/><property"
                                        + " name='silkstone.name' value='fixed'/><service>"
                                        + "<provide interface='java.util.function.LongSupplier'/>"
                                        + "</service>"));
        directory.use("cores", "fixed", false);
        assertThat(slot.decide()).isEqualTo(1);
        // Edits reach the policy one by one: with the third, all is over that the first caused.
        for (int i = 2; i <= 4; i++) {
            int decision = i;
            Files.writeString(settings, "decision = " + i + "\n" + "#".repeat(i));
            LiveFramework.await("edit " + i, () -> slot.decide() == decision);
        }
        assertThat(slot.uses()).extracting(PolicyId::name).containsExactly("fixed");
        assertThat(directory.history()).extracting(Event::cause).containsExactly("command");
    }

    @Test
    void newerVersion_arrives_takesOverAndOldOneIsReleased() throws Exception {
        Bundle old = install(TestBundle.policy("fixed", "1.0.0", TestPolicies.Steady.class));
        directory.use("cores", "fixed", false);
        Bundle fresh =
                install(
                        TestBundle.policy("fixed", "1.1.0", TestPolicies.Steady.class)
                                .header("Bundle-SymbolicName", "test.fixed"));
        awaitLast("newer version");
        assertThat(slot.inUse().bundleId()).isEqualTo(fresh.getBundleId());
        old.uninstall();
        assertThat(slot.holds(directory.history().getFirst().to())).isFalse();
        assertThat(directory.history())
                .extracting(Event::cause)
                .containsExactly("command", "newer version");
    }

    @Test
    void stop_policyInUse_isLetGoBeforeTheBundleHasStopped() throws Exception {
        Bundle bundle = install(TestBundle.policy("fixed", "1.0.0", TestPolicies.Steady.class));
        directory.use("cores", "fixed", false);
        bundle.stop();
        assertThat(slot.inUse().name()).isEqualTo("steady-state");
        assertThat(slot.holds(directory.history().getFirst().to())).isFalse();
        bundle.start();
        awaitLast("start");
        assertThat(slot.inUse().name()).isEqualTo("fixed");
        assertThat(directory.history())
                .extracting(Event::cause)
                .containsExactly("command", "withdrawn", "start");
    }

    @Test
    void use_componentThatCannotStart_isRefusedAndTheOneInUseGoesOn() throws Exception {
        install(TestBundle.policy("stillborn", "1.0.0", TestPolicies.Stillborn.class));
        assertThatThrownBy(() -> directory.use("cores", "stillborn", false))
                .isInstanceOf(PolicyRefused.class)
                .hasMessageContaining("stillborn 1.0.0")
                .hasMessageContaining("could not be activated");
        assertThat(slot.uses()).isEmpty();
        assertThat(directory.history()).extracting(Event::cause).containsExactly("failed");
    }

    @Test
    void use_serviceOfAnotherType_isRefusedByItsName() throws Exception {
        install(
                TestBundle.of("test.alien", "1.0.0")
                        .componentXml(
                                "test.alien",
                                TestPolicies.Alien.class,
                                "<property name='silkstone.kind' value='cores'/><property"
                                        + " name='silkstone.name' value='alien'/><service><provide"
                                        + " interface='java.lang.Runnable'/></service>"));
        assertThatThrownBy(() -> directory.use("cores", "alien", false))
                .hasMessageContaining("is a io.silkstone.node.TestPolicies$Alien, not a");
    }

    @Test
    void policyWithoutName_isNamedInWhy() throws Exception {
        install(
                TestBundle.of("test.nameless", "1.0.0")
                        .component(
                                "test.nameless",
                                TestPolicies.Steady.class,
                                "<property name='silkstone.kind' value='cores'/>"));
        assertThat(directory.why("cores"))
                .contains("test.nameless 1.0.0 offers a policy with silkstone.kind=cores and");
    }

    /** The history tells of a switch when it is over, a moment after the slot has changed. */
    private void awaitLast(String cause) throws Exception {
        LiveFramework.await(
                cause,
                () -> {
                    List<Event> events = directory.history();
                    return !events.isEmpty() && events.getLast().cause().equals(cause);
                });
    }

    private Bundle install(TestBundle bundle) throws BundleException {
        byte[] bytes = bundle.bytes();
        Bundle installed =
                live.context()
                        .installBundle(
                                "test:" + java.util.UUID.randomUUID(),
                                new java.io.ByteArrayInputStream(bytes));
        installed.start();
        return installed;
    }
}
