package io.silkstone.shell.scopes;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.policy.PolicyDirectory;
import io.silkstone.api.policy.PolicyId;
import io.silkstone.api.policy.PolicyRefused;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PolicyCommandsTest {
    private static final PolicyId LOADFACTOR = new PolicyId("cores", "loadfactor", "1.0.0", 12);
    private static final PolicyId FIXED = new PolicyId("cores", "fixed", "1.0.0", 13);

    private static final PolicyId AERON = new PolicyId("transport", "aeron", "1.0.0", 14);

    private final Directory directory = new Directory();
    private final CommandRunner policy = new CommandRunner(new PolicyCommands(() -> directory));

    private static final class Directory implements PolicyDirectory {
        final List<String> used = new ArrayList<>();

        @Override
        public List<Entry> installed() {
            return List.of(
                    new Entry(LOADFACTOR, "in use", "io.silkstone.cores-loadfactor"),
                    new Entry(FIXED, "ready", "io.silkstone.cores-fixed"),
                    new Entry(AERON, "ready", "io.silkstone.transport-aeron"));
        }

        @Override
        public PolicyId inUse(String kind) {
            return kind.equals("cores") ? LOADFACTOR : null;
        }

        @Override
        public Switch use(String kind, String name, boolean dryRun) throws PolicyRefused {
            if (!name.equals("fixed")) {
                throw new PolicyRefused("There is no policy cores/" + name + '.');
            }
            used.add(kind + ' ' + name + ' ' + dryRun);
            return new Switch(LOADFACTOR, FIXED, !dryRun, dryRun ? 0 : 1_250_000, "Fine.");
        }

        @Override
        public List<Event> history() {
            return List.of(new Event(Instant.EPOCH, "cores", null, LOADFACTOR, "start", "Begins."));
        }

        @Override
        public List<String> unmet() {
            return List.of();
        }

        @Override
        public String why(String kind) {
            return "It was wanted.\nIt decided 2 cores.";
        }
    }

    @Test
    void everyCommand_withoutADirectory_saysSo() {
        new CommandRunner(new PolicyCommands(() -> null)).assertWellBehavedWithoutServices(4);
    }

    @Test
    void list_showsAllPolicies() throws Exception {
        assertThat(policy.run("list"))
                .isEqualTo(
                        """
                        KIND       NAME        VERSION  STATE   SOURCE
                        cores      loadfactor  1.0.0    in use  io.silkstone.cores-loadfactor
                        cores      fixed       1.0.0    ready   io.silkstone.cores-fixed
                        transport  aeron       1.0.0    ready   io.silkstone.transport-aeron""");
    }

    @Test
    void use_ofAnother_switches() throws Exception {
        assertThat(policy.run("use", "cores", "fixed"))
                .isEqualTo(
                        """
                        from     cores/loadfactor 1.0.0
                        to       cores/fixed 1.0.0
                        changed  true
                        took     1.25 ms
                        note     Fine.""");
        assertThat(directory.used).containsExactly("cores fixed false");
    }

    @Test
    void use_withDryRun_passesItOn() throws Exception {
        policy.run("use", "cores", "fixed", "--dry-run");
        assertThat(directory.used).containsExactly("cores fixed true");
    }

    @Test
    void use_ofAnUnknown_passesTheSentenceOn() {
        policy.assertRefused("There is no policy cores/nix.", "use", "cores", "nix");
    }

    @Test
    void history_showsEvents() throws Exception {
        assertThat(policy.run("history"))
                .contains("1970-01-01T00:00:00Z  cores  -     loadfactor 1.0.0  start  Begins.");
    }

    @Test
    void why_ofAKind_isItsReasons() throws Exception {
        assertThat(policy.run("why", "cores")).isEqualTo("It was wanted.\nIt decided 2 cores.");
    }

    @Test
    void why_withoutAKind_isAboutAllOfThem() throws Exception {
        String undecided = "transport/aeron 1.0.0: installed, and nothing here switches this kind.";
        assertThat(policy.run("why"))
                .isEqualTo("It was wanted.\nIt decided 2 cores.\n" + undecided);
        assertThat(policy.run("why", "transport")).isEqualTo(undecided);
    }

    @Test
    void why_ofAnUnknownKind_isRefused() {
        policy.assertRefused(
                "Nothing on this node decides by policies of the kind 'nix'; there are cores.",
                "why",
                "nix");
    }

    @Test
    void kindsAndNames_areOffered() {
        assertThat(policy.offers("use", 0)).containsExactly("cores", "transport");
        assertThat(policy.offers("use", 1, "cores")).containsExactly("fixed", "loadfactor");
        assertThat(policy.offers("use", 1, "nix")).isEmpty();
    }
}
