#include "trial/faulty_relay.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <utility>

namespace dialog::test {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using BoostError = boost::system::error_code;

enum class Ending : std::uint8_t { cut_answer, reset, swallow_answer, swallow_request };

}  // namespace

// Both directions, byte for byte, until one end closes or the connection has lived its bytes.
class FaultyRelay::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(FaultyRelay& relay, Tcp::socket client)
      : faults_(relay.faults_),
        client_(std::move(client)),
        server_(relay.io_),
        ending_(static_cast<Ending>(relay.random_.below(4))),
        left_(1 + relay.random_.below(2 * relay.bytes_between_faults_)) {}

  void start(const Tcp::endpoint& endpoint) {
    server_.async_connect(endpoint, [self = shared_from_this()](const BoostError& error) {
      if (error) return self->close();
      BoostError ignored;
      self->client_.set_option(Tcp::no_delay(true), ignored);
      self->server_.set_option(Tcp::no_delay(true), ignored);
      self->pass_requests();
      self->pass_answers();
    });
  }

 private:
  [[nodiscard]] bool is_over() const { return left_ == 0; }

  void pass_requests() {
    client_.async_read_some(
        asio::buffer(requests_),
        [self = shared_from_this()](const BoostError& error, std::size_t bytes) {
          if (error) return self->close();
          if (self->is_over() && self->ending_ == Ending::swallow_request) {
            ++self->faults_.swallowed_requests;
            return self->close();
          }
          asio::async_write(self->server_, asio::buffer(self->requests_, bytes),
                            [self](const BoostError& failed, std::size_t) {
                              if (failed) return self->close();
                              self->pass_requests();
                            });
        });
  }

  void pass_answers() {
    server_.async_read_some(
        asio::buffer(answers_),
        [self = shared_from_this()](const BoostError& error, std::size_t bytes) {
          if (error) return self->close();
          self->answer(bytes);
        });
  }

  void answer(std::size_t bytes) {
    if (is_over() && ending_ == Ending::swallow_answer) {
      ++faults_.swallowed_answers;
      return close();
    }
    const bool ends = left_ <= bytes;
    left_ -= std::min(left_, bytes);
    const bool cuts = ends && (ending_ == Ending::cut_answer || ending_ == Ending::reset);
    // Half of it: the client has seen that there is an answer, and not all that it says.
    const std::size_t passed = cuts ? bytes / 2 : bytes;
    asio::async_write(client_, asio::buffer(answers_, passed),
                      [self = shared_from_this(), cuts](const BoostError& failed, std::size_t) {
                        if (failed) return self->close();
                        if (cuts) return self->cut();
                        self->pass_answers();
                      });
  }

  void cut() {
    BoostError ignored;
    if (ending_ == Ending::reset) {
      ++faults_.resets;
      client_.set_option(asio::socket_base::linger(true, 0), ignored);
    } else {
      ++faults_.cut_answers;
    }
    close();
  }

  void close() {
    BoostError ignored;
    client_.close(ignored);
    server_.close(ignored);
  }

  Faults& faults_;
  Tcp::socket client_;
  Tcp::socket server_;
  const Ending ending_;
  std::size_t left_;  // bytes of answers until it ends
  std::array<char, 16384> requests_{};
  std::array<char, 16384> answers_{};
};

FaultyRelay::FaultyRelay(std::uint16_t server_port, std::uint64_t seed,
                         std::size_t bytes_between_faults, Faults& faults)
    : acceptor_(io_, {asio::ip::address_v4::loopback(), 0}),
      server_(asio::ip::address_v4::loopback(), server_port),
      bytes_between_faults_(bytes_between_faults),
      random_(seed),
      faults_(faults) {
  accept();
  thread_ = std::jthread([this] { io_.run(); });
}

FaultyRelay::~FaultyRelay() { io_.stop(); }

void FaultyRelay::accept() {
  acceptor_.async_accept([this](const BoostError& error, Tcp::socket client) {
    if (!error) std::make_shared<Connection>(*this, std::move(client))->start(server_);
    accept();
  });
}

}  // namespace dialog::test
