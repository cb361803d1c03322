//! Client, fetch, plan, apply and the sandbox, joined in this process. Nothing is mocked: the client sends into
//! the sandbox's router, through a [`front::Front`] that holds every request and every answer to the contract.

mod clients;
mod ended;
mod faults;
mod faults_laws;
mod front;
mod import;
mod journal;
mod laws;
mod load;
mod login;
mod lost;
mod outcomes;
mod pace;
pub(crate) mod random;
mod reads;
mod scenarios;
mod site;
mod spoil;
pub(crate) mod undeclared;
mod undo;
