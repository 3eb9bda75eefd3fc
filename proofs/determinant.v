(** * The determinant is differentiable

    Over every real closed field, with ε and δ: det X has the gradient adj(X)ᵀ at every X, and what is
    differentiable of the determinant has the gradient that the chain rule says. *)

From mathcomp Require Import all_ssreflect fingroup perm all_algebra.
From mathcomp.real_closed Require Import polyrcf.
From Symgrad Require Import contraction derivation norm limits branch.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Gradient.

Variables (R : realFieldType) (n : nat).
Implicit Types (f : 'M[R]_n -> R) (X G H : 'M[R]_n) (g : R -> R) (e l y t : R).

(** f is differentiable at X, symmetric or not, with the gradient G (Fréchet). *)
Definition gradient_mx f X G :=
  forall e, 0 < e -> exists2 r, 0 < r &
    forall H, norm H < r -> `|f (X + H) - f X - ⟨G, H⟩| <= e * norm H.

(** g is differentiable at y with the derivative l. *)
Definition derivative_at g y l :=
  forall e, 0 < e -> exists2 r, 0 < r & forall t, `|t| < r -> `|g (y + t) - g y - l * t| <= e * `|t|.

(** Which is more than being differentiable on the symmetric matrices. *)
Lemma gradient_mx_sym f X G : gradient_mx f X G -> gradient_sym f X G.
Proof. by move=> df e /df[r r_gt0 bound]; exists r => // H _; apply: bound. Qed.

(** The chain rule. *)
Theorem gradient_chain g f X G l :
  gradient_mx f X G -> derivative_at g (f X) l -> gradient_mx (fun A => g (f A)) X (l *: G).
Proof.
move=> df dg e e_gt0; have e2_gt0 : 0 < e / 2%:R by rewrite divr_gt0 ?ltr0n.
pose b := norm G + 1; have b_gt0 : 0 < b by rewrite ltr_paddl ?norm_ge0 ?ltr01.
pose c := `|l| + 1; have c_gt0 : 0 < c by rewrite ltr_paddl ?normr_ge0 ?ltr01.
have [r r_gt0 boundg] := dg _ (divr_gt0 e2_gt0 b_gt0).
have [s s_gt0 boundf] := df _ (divr_gt0 e2_gt0 c_gt0).
have [q q_gt0 bound1] := df _ ltr01.
exists (Num.min (r / b) (Num.min s q)) => [|H]; first by rewrite !lt_minr divr_gt0 // s_gt0.
rewrite !lt_minr ltr_pdivl_mulr // => /and3P[H_r /boundf le_f /bound1 le_1].
pose t := f (X + H) - f X; have tE : f (X + H) = f X + t by rewrite [RHS]addrC subrK.
have le_t : `|t| <= norm H * b.
  rewrite -(subrK ⟨G, H⟩ t) (le_trans (ler_norm_add _ _)) // /b mulrDr mulr1 addrC.
  by rewrite mul1r in le_1; rewrite ler_add // mulrC norm_frob.
have le_g := boundg t (le_lt_trans le_t H_r); rewrite -tE in le_g.
have -> : g (f (X + H)) - g (f X) - ⟨l *: G, H⟩
    = (g (f (X + H)) - g (f X) - l * t) + l * (t - ⟨G, H⟩).
  by rewrite frobZl [l * (t - _)]mulrBr addrA subrK.
rewrite (le_trans (ler_norm_add _ _)) // [e]splitr mulrDl ler_add //.
  apply: (le_trans le_g); apply: (@le_trans _ _ (e / 2%:R / b * (norm H * b))).
    by rewrite ler_wpmul2l // ltW // divr_gt0.
  by rewrite mulrCA mulfVK ?gt_eqF // mulrC.
rewrite normrM; apply: (@le_trans _ _ (c * (e / 2%:R / c * norm H))).
  by rewrite ler_pmul // ler_addl ler01.
by rewrite mulrA [c * _]mulrC mulfVK // gt_eqF.
Qed.

End Gradient.

Section Determinant.

Variables (R : rcfType) (n : nat).
Implicit Types (X H : 'M[R]_n) (t : R).

(** det(X + tH), a polynomial in t, and its derivative. *)
Let pencil X H : 'M[{poly R}]_n := map_mx polyC X + 'X *: map_mx polyC H.

Let pencil_horner X H t : map_mx (horner_eval t) (pencil X H) = X + t *: H.
Proof. by apply/matrixP=> i j; rewrite !mxE /= horner_evalE !hornerE. Qed.

Let det_pencil X H t : (\det (pencil X H)).[t] = \det (X + t *: H).
Proof. by rewrite -horner_evalE -det_map_mx pencil_horner. Qed.

Let deriv_pencil X H t : (\det (pencil X H))^`().[t] = ⟨(\adj (X + t *: H))^T, H⟩.
Proof.
pose D : {additive {poly R} -> {poly R}} := [additive of @deriv R].
have -> : (\det (pencil X H))^`() = \tr (\adj (pencil X H) *m map_mx polyC H).
  rewrite -[LHS]/(D _) d_det; last by move=> p q; rewrite /= derivM.
  congr (\tr (_ *m _)); apply/matrixP=> i j; rewrite !mxE /=.
  by rewrite derivD derivC add0r derivM derivX derivC mulr0 addr0 mul1r.
rewrite -horner_evalE -[horner_eval t _]trace_map_mx.
rewrite map_mxM map_mx_adj pencil_horner frob_trace trmxK; congr (\tr (_ *m _)).
by apply/matrixP=> i j; rewrite !mxE /= horner_evalE hornerC.
Qed.

(** The gradient of det X is adj(X)ᵀ. *)
Theorem det_gradient X : gradient_mx (fun A => \det A) X (\adj X)^T.
Proof.
move=> e e_gt0; pose k : R := (n * n).+1%:R; have k_gt0 : 0 < k by rewrite ltr0n.
have lim : tends_mx (@norm R n n) (fun H => X + H) X.
  move=> i j d d_gt0; exists d => // H small.
  by rewrite mxE addrAC subrr add0r (le_lt_trans _ small) // norm_entry.
have [r r_gt0 close] := small_all (fun p : 'I_n * 'I_n =>
  tends_adj lim p.1 p.2 (divr_gt0 e_gt0 k_gt0)).
exists r => // H small.
have [t t01] := mvt (\det (pencil X H)) (@ltr01 R).
have /andP[t_gt0 t_lt1] : 0 < t < 1 by rewrite !(itvP t01).
rewrite !det_pencil scale0r scale1r addr0 deriv_pencil subr0 mulr1 => ->.
rewrite -frobBl -linearB /= (le_trans (norm_frob _ _)) // norm_tr ler_wpmul2r ?norm_ge0 //.
have small_t : norm (t *: H) < r.
  by rewrite normZ (le_lt_trans _ small) // ger0_norm ?(ltW t_gt0) // ler_pimull ?norm_ge0 // ltW.
have := close _ small_t => {}close.
have /norm_le/le_trans-> // : forall i j, `|(\adj (X + t *: H) - \adj X) i j| <= e / k.
  by move=> i j; rewrite !mxE; have := close (i, j); rewrite !mxE => /ltW.
by rewrite -mulr_natr mulrAC -mulrA ler_pimulr ?(ltW e_gt0) // ler_pdivr_mulr // mul1r ler_nat.
Qed.

End Determinant.
