package io.silkstone.shell.session;

import io.silkstone.shell.command.Call;
import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.Command.Completion;
import io.silkstone.shell.format.AnswerConverter;
import io.silkstone.shell.format.Lines;
import io.silkstone.shell.format.Table;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.felix.gogo.jline.Builtin;
import org.apache.felix.gogo.runtime.CommandProcessorImpl;

/** The real gogo without OSGi, with a few commands to test with. */
public final class Gogo implements AutoCloseable {
    private final CountDownLatch hanging = new CountDownLatch(1);
    private final CountDownLatch interrupted = new CountDownLatch(1);
    private volatile Runnable onMark = () -> {};
    public final CommandProcessorImpl processor = new CommandProcessorImpl();
    public final PublishedCatalog catalog =
            new PublishedCatalog(
                    (command, function) -> {
                        processor.addCommand(command.scope(), function, command.function());
                        return () -> processor.removeCommand(function);
                    });

    public Gogo() {
        processor.addConverter(new AnswerConverter());
        TextTools tools = new TextTools(processor);
        for (String name : List.of("echo", "grep", "cat", "head", "sleep", "sort", "tail")) {
            processor.addCommand("gogo", tools, name);
        }
        processor.addCommand("gogo", new Builtin(), "set");
        catalog.add(this::commands);
    }

    private List<Command> commands() {
        return List.of(
                Command.named("city", "list")
                        .says("Lists cities.")
                        .does(
                                call ->
                                        Table.of(List.of("Ulm", "Bonn"))
                                                .column("name", name -> name)),
                Command.named("city", "found")
                        .says("Founds a city.")
                        .takes("KIND", before -> List.of("harbour", "fortress"))
                        .takes("NAME", before -> List.of(before.getFirst() + "-1"))
                        .option("--river", "R", "at a river", before -> List.of("Rhine", "Elbe"))
                        .flag("--dry-run", "only says so")
                        .does(call -> Lines.of("Founded " + call.value("NAME"))),
                Command.named("city", "plan")
                        .says("Reads a plan.")
                        .takes("FILE", Completion.FILES)
                        .does(call -> Lines.of(call.directory().toString())),
                Command.named("test", "big")
                        .says("Answers with many bytes.")
                        .takes("BYTES", Completion.NONE)
                        .does(call -> big(call.number("BYTES", 0, 0, 1 << 30))),
                Command.named("test", "mark")
                        .says("Answers, and then runs what the test wants.")
                        .does(call -> Table.of(List.of("mark")).column("name", this::marked)),
                Command.named("test", "steps").says("Says twice how far it is.").does(this::steps),
                Command.named("test", "hang")
                        .says("Waits until it is interrupted.")
                        .does(call -> hang()));
    }

    /** Runs {@code action} when the next answer of {@code test:mark} is shown: its job is over. */
    public void afterNextAnswer(Runnable action) {
        onMark = action;
    }

    private String marked(String name) {
        onMark.run();
        return name;
    }

    private static Lines big(long bytes) {
        String line = "0123456789abcde";
        StringBuilder text = new StringBuilder();
        while (text.length() < bytes) {
            text.append(line).append('\n');
        }
        return Lines.of(text.toString());
    }

    private Lines steps(Call call) {
        call.progress().show("one");
        call.progress().show("two");
        return Lines.of(call.progress().isLive() ? "rewritten" : "written");
    }

    private Lines hang() throws InterruptedException {
        hanging.countDown();
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            interrupted.countDown();
            throw e;
        }
        return Lines.of("never");
    }

    /** Waits until a {@code test:hang} hangs. */
    public boolean awaitHanging() throws InterruptedException {
        return hanging.await(60, TimeUnit.SECONDS);
    }

    /** Waits until a {@code test:hang} was interrupted. */
    public boolean awaitInterrupted() throws InterruptedException {
        return interrupted.await(60, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        processor.stop();
    }
}
